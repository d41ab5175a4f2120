// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.tensorflow;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.FunctionDefLibrary;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.SavedModel;

/**
 * Looks in a model's file for operators that reach out of the model: into files by names that are inputs or constants, to other
 * machines, or into tables of the process. A model that reads the file its client names would hand out any file of the server.
 * They are looked for in all graphs and functions, whoever calls them, and before the runtime sees the model, since it runs parts
 * of it at the load.
 *
 * <p>What every export has in it stays allowed: saving and restoring variables, and reading tables of words. So this keeps a
 * careless model from becoming a hole, and does not make a hostile one harmless.
 *
 * <p>Source: {@code tensorflow/core/protobuf/saved_model.proto} and what it includes; TensorFlow's list of operators, 2.18.
 */
final class ForbiddenOperators {
    /** Without the {@code Experimental} they may begin with and the version they may end in. */
    private static final Set<String> FORBIDDEN = Set.of(
            "ReadFile",
            "WriteFile",
            "MatchingFiles",
            "MatchingFilesDataset",
            "WholeFileReader",
            "TextLineReader",
            "FixedLengthRecordReader",
            "TFRecordReader",
            "LMDBReader",
            "TextLineDataset",
            "FixedLengthRecordDataset",
            "TFRecordDataset",
            "LMDBDataset",
            "CSVDataset",
            "SqlDataset",
            "CacheDataset",
            "SaveDataset",
            "LoadDataset",
            "SnapshotDataset",
            "SnapshotDatasetReader",
            "SnapshotChunkDataset",
            "ListSnapshotChunksDataset",
            "SnapshotNestedDatasetReader",
            "DistributedSave",
            "DatasetToTFRecord",
            "DataServiceDataset",
            "RegisterDataset",
            "CreateSummaryFileWriter",
            "CreateSummaryDbWriter",
            "GenerateVocabRemapping",
            "LoadAndRemapMatrix",
            "Skipgram",
            "RecordInput",
            "CalibrationStatisticsSaver",
            "DumpTensor",
            "DebugIdentity",
            "DebugNanCount",
            "DebugNumericSummary",
            "FileSystemSetConfiguration",
            "RpcClient",
            "RpcServer",
            "RpcCall",
            "RpcServerRegister",
            "RpcServerStart");

    private static final Pattern VERSIONED = Pattern.compile("(?:Experimental)?(\\w+?)(?:V\\d+)?");

    /** What an attribute begins with that sends printed text into a file. */
    private static final String FILE = "file://";

    private final Set<String> found = new TreeSet<>();

    private interface Field {
        void read(int field, CodedInputStream in) throws IOException;
    }

    private ForbiddenOperators() {}

    /**
     * Names of those in {@code file}, in order.
     *
     * @throws IOException if it cannot be read, or is no SavedModel
     */
    static Set<String> in(Path file) throws IOException {
        ForbiddenOperators operators = new ForbiddenOperators();
        try (InputStream content = Files.newInputStream(file)) {
            fields(CodedInputStream.newInstance(content), operators::savedModel);
        }
        return operators.found;
    }

    private void savedModel(int field, CodedInputStream in) throws IOException {
        message(field == SavedModel.META_GRAPHS_FIELD_NUMBER, in, this::metaGraph);
    }

    private void metaGraph(int field, CodedInputStream in) throws IOException {
        message(field == MetaGraphDef.GRAPH_DEF_FIELD_NUMBER, in, this::graph);
    }

    private void graph(int field, CodedInputStream in) throws IOException {
        if (field == GraphDef.LIBRARY_FIELD_NUMBER) {
            message(true, in, this::library);
        } else {
            message(field == GraphDef.NODE_FIELD_NUMBER, in, this::node);
        }
    }

    private void library(int field, CodedInputStream in) throws IOException {
        message(field == FunctionDefLibrary.FUNCTION_FIELD_NUMBER, in, this::function);
    }

    private void function(int field, CodedInputStream in) throws IOException {
        message(field == FunctionDef.NODE_DEF_FIELD_NUMBER, in, this::node);
    }

    private void node(int field, CodedInputStream in) throws IOException {
        if (field == NodeDef.OP_FIELD_NUMBER) {
            String operator = in.readString();
            var name = VERSIONED.matcher(operator);
            if (name.matches() && FORBIDDEN.contains(name.group(1))) {
                found.add(operator);
            }
        } else {
            message(field == NodeDef.ATTR_FIELD_NUMBER, in, this::attributeEntry);
        }
    }

    /** A map's entry is a message of a key, 1, and a value, 2. */
    private void attributeEntry(int field, CodedInputStream in) throws IOException {
        message(field == 2, in, this::attribute);
    }

    private void attribute(int field, CodedInputStream in) throws IOException {
        if (field != AttrValue.S_FIELD_NUMBER) {
            message(false, in, this::attribute);
        } else if (in.readBytes().toStringUtf8().startsWith(FILE)) {
            found.add("PrintV2 into a file");
        }
    }

    /** Reads the field that comes as a message with {@code reader}, or skips it if it is not {@code wanted}. */
    private static void message(boolean wanted, CodedInputStream in, Field reader) throws IOException {
        int length = in.readRawVarint32();
        if (!wanted) {
            in.skipRawBytes(length);
            return;
        }
        int outer = in.pushLimit(length);
        fields(in, reader);
        in.popLimit(outer);
    }

    /** All fields up to the end; {@code reader} gets those that have a length. */
    private static void fields(CodedInputStream in, Field reader) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                reader.read(WireFormat.getTagFieldNumber(tag), in);
            } else if (!in.skipField(tag)) {
                throw new InvalidProtocolBufferException("a group ends that did not begin");
            }
        }
    }
}
