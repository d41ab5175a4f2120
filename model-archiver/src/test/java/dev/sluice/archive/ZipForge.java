// SPDX-License-Identifier: Apache-2.0
package dev.sluice.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A maker of zip files byte by byte, for those no honest library writes. */
final class ZipForge {
    /** One entry, honest until told otherwise. */
    static final class Entry {
        private byte[] centralName;
        private byte[] localName;
        private byte[] content;
        private byte[] packed;
        private int method;
        private int flags;
        private long size;
        private long crc;
        private int unixMode;
        private int offset;

        private Entry(String name, byte[] content) {
            this.centralName = name.getBytes(StandardCharsets.UTF_8);
            this.localName = centralName;
            this.content = content;
            this.packed = content;
            this.size = content.length;
            CRC32 sum = new CRC32();
            sum.update(content);
            this.crc = sum.getValue();
        }

        Entry deflated() {
            Deflater deflater = new Deflater(9, true);
            deflater.setInput(content);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            deflater.end();
            packed = out.toByteArray();
            method = 8;
            return this;
        }

        Entry localName(String name) {
            localName = name.getBytes(StandardCharsets.UTF_8);
            return this;
        }

        Entry rawName(byte[] name) {
            centralName = name;
            localName = name;
            return this;
        }

        Entry method(int value) {
            method = value;
            return this;
        }

        Entry flags(int value) {
            flags = value;
            return this;
        }

        Entry declaredSize(long value) {
            size = value;
            return this;
        }

        Entry declaredCrc(long value) {
            crc = value;
            return this;
        }

        Entry unixMode(int value) {
            unixMode = value;
            return this;
        }
    }

    private final List<Entry> entries = new ArrayList<>();
    private int announced = -1;

    Entry add(String name, String content) {
        return add(name, content.getBytes(StandardCharsets.UTF_8));
    }

    Entry add(String name, byte[] content) {
        Entry entry = new Entry(name, content);
        entries.add(entry);
        return entry;
    }

    /** Lies about the number of entries. */
    ZipForge announce(int count) {
        announced = count;
        return this;
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Entry entry : entries) {
            entry.offset = out.size();
            out.writeBytes(local(entry));
            out.writeBytes(entry.packed);
        }
        int start = out.size();
        entries.forEach(entry -> out.writeBytes(central(entry)));
        int count = announced < 0 ? entries.size() : announced;
        ByteBuffer end = buffer(22);
        end.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
        end.putShort((short) count).putShort((short) count);
        end.putInt(out.size() - start).putInt(start).putShort((short) 0);
        out.writeBytes(array(end));
        return out.toByteArray();
    }

    Path writeTo(Path file) throws IOException {
        return Files.write(file, bytes());
    }

    private static byte[] local(Entry entry) {
        ByteBuffer header = buffer(30 + entry.localName.length);
        header.putInt(0x04034b50).putShort((short) 20).putShort((short) entry.flags);
        header.putShort((short) entry.method).putInt(0x00210000);
        header.putInt((int) entry.crc).putInt(entry.packed.length).putInt((int) entry.size);
        header.putShort((short) entry.localName.length).putShort((short) 0).put(entry.localName);
        return array(header);
    }

    private static byte[] central(Entry entry) {
        ByteBuffer header = buffer(46 + entry.centralName.length);
        header.putInt(0x02014b50).putShort((short) ((3 << 8) | 20)).putShort((short) 20);
        header.putShort((short) entry.flags).putShort((short) entry.method).putInt(0x00210000);
        header.putInt((int) entry.crc).putInt(entry.packed.length).putInt((int) entry.size);
        header.putShort((short) entry.centralName.length).putShort((short) 0).putShort((short) 0);
        header.putShort((short) 0)
                .putShort((short) 0)
                .putInt(entry.unixMode << 16)
                .putInt(entry.offset);
        header.put(entry.centralName);
        return array(header);
    }

    private static byte[] array(ByteBuffer full) {
        byte[] bytes = new byte[full.capacity()];
        full.get(0, bytes);
        return bytes;
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
