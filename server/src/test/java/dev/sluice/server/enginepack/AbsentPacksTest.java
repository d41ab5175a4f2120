// SPDX-License-Identifier: Apache-2.0
package dev.sluice.server.enginepack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.server.enginepack.install.FakePack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AbsentPacksTest {
    private static final String ADD = "'sluice engines add fake' adds it, for servers that are started then";

    @TempDir
    private Path folder;

    private FakePack pack;

    @BeforeEach
    void makePack() throws IOException {
        pack = new FakePack(folder);
    }

    @Test
    void namesThePackThatRunsAFile() {
        AbsentPacks packs = packs(Set.of());

        assertThat(packs.file("some/model.fake"))
                .isEqualTo(". Fake Engine, which runs such files, is not installed: " + ADD);
        assertThat(packs.file("model.other")).isEmpty();
    }

    @Test
    void namesThePackOfAnEngine() {
        assertThat(packs(Set.of()).engine("fake")).isEqualTo(". Fake Engine is not installed: " + ADD);
        assertThat(packs(Set.of()).engine("other")).isEmpty();
    }

    /** A file may be refused for another reason. Seen to fail when packs in use were not left out. */
    @Test
    void namesNoPackThatIsThere() {
        assertThat(packs(Set.of(FakePack.ID)).file("model.fake")).isEmpty();
    }

    @Test
    void knowsNothingWhereNothingIsDescribedOrNothingCanBeRead() throws IOException {
        assertThat(new AbsentPacks(Optional.empty(), Set.of()).file("model.fake"))
                .isEmpty();
        Files.writeString(pack.packs().resolve(FakePack.ID).resolve(PackDescriptor.FILE), "id = ../x");
        assertThat(packs(Set.of()).file("model.fake")).isEmpty();
        assertThat(new AbsentPacks(Optional.of(folder.resolve("absent")), Set.of()).file("model.fake"))
                .isEmpty();
    }

    private AbsentPacks packs(Set<String> used) {
        return new AbsentPacks(Optional.of(pack.packs()), used);
    }
}
