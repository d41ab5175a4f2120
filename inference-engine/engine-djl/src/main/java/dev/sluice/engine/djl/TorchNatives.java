// SPDX-License-Identifier: Apache-2.0
package dev.sluice.engine.djl;

import ai.djl.pytorch.jni.JniUtils;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;

/**
 * DJL's native methods as they are: on addresses, with nothing around them. DJL keeps their class to itself and puts objects in front
 * that register with managers and make names for themselves, which costs a small model half as much again as computing does.
 *
 * <p><b>Threads:</b> safe from any thread.
 *
 * <p><b>Ownership:</b> every address returned, but a buffer's, is the caller's to delete; nothing frees it otherwise.
 *
 * <p><b>Errors:</b> {@link ai.djl.engine.EngineException} with libtorch's words. An address that is none ends the process.
 */
final class TorchNatives {
    private static final MethodHandles.Lookup LIBRARY = lookup();
    private static final Object INSTANCE = instance();

    private static final MethodHandle FROM_BLOB = find(
            "torchFromBlob",
            long.class,
            ByteBuffer.class,
            long[].class,
            int.class,
            int.class,
            int[].class,
            boolean.class);
    private static final MethodHandle DELETE_TENSOR = find("torchDeleteTensor", void.class, long.class);
    private static final MethodHandle DELETE_VALUE = find("torchDeleteIValue", void.class, long.class);
    private static final MethodHandle RUN =
            find("moduleRunMethod", long.class, long.class, String.class, long[].class, boolean.class, boolean.class);
    private static final MethodHandle OF_TENSOR = find("iValueFromTensor", long.class, long.class);
    private static final MethodHandle OF_TENSORS = find("iValueFromTensorList", long.class, long[].class);
    private static final MethodHandle OF_TUPLE = find("iValueFromTuple", long.class, long[].class);
    private static final MethodHandle OF_MAP = find("iValueFromStringMap", long.class, String[].class, long[].class);
    private static final MethodHandle OF_LONG = find("iValueFromLong", long.class, long.class);
    private static final MethodHandle IS_TENSOR = find("iValueIsTensor", boolean.class, long.class);
    private static final MethodHandle IS_TUPLE = find("iValueIsTuple", boolean.class, long.class);
    private static final MethodHandle IS_LIST = find("iValueIsList", boolean.class, long.class);
    private static final MethodHandle IS_MAP = find("iValueIsMap", boolean.class, long.class);
    private static final MethodHandle TYPE = find("iValueGetType", String.class, long.class);
    private static final MethodHandle TO_TENSOR = find("iValueToTensor", long.class, long.class);
    private static final MethodHandle TO_LONG = find("iValueToLong", long.class, long.class);
    private static final MethodHandle TO_DOUBLE = find("iValueToDouble", double.class, long.class);
    private static final MethodHandle TO_BOOL = find("iValueToBool", boolean.class, long.class);
    private static final MethodHandle TO_TEXT = find("iValueToString", String.class, long.class);
    private static final MethodHandle TO_LONGS = find("iValueToLongList", long[].class, long.class);
    private static final MethodHandle TO_DOUBLES = find("iValueToDoubleList", double[].class, long.class);
    private static final MethodHandle TO_BOOLS = find("iValueToBoolList", boolean[].class, long.class);
    private static final MethodHandle TO_LIST = find("iValueToIValueList", long[].class, long.class);
    private static final MethodHandle TO_TUPLE = find("iValueToIValueTuple", long[].class, long.class);
    private static final MethodHandle TO_MAP = find("iValueToMap", long[].class, long.class);
    private static final MethodHandle SIZES = find("torchSizes", long[].class, long.class);
    private static final MethodHandle ELEMENT_TYPE = find("torchDType", int.class, long.class);
    private static final MethodHandle LAYOUT = find("torchLayout", int.class, long.class);
    private static final MethodHandle DENSE = find("torchToDense", long.class, long.class);
    private static final MethodHandle IS_CONTIGUOUS = find("torchIsContiguous", boolean.class, long.class);
    private static final MethodHandle CONTIGUOUS = find("torchToContiguous", long.class, long.class);
    private static final MethodHandle EMPTY =
            find("torchEmpty", long.class, long[].class, int.class, int.class, int[].class, boolean.class);
    private static final MethodHandle VIEW = find("torchDirectByteBuffer", ByteBuffer.class, long.class);

    private TorchNatives() {}

    /** A tensor over {@code bytes}, on processors without copying them; they must outlive it. The type is DJL's ordinal. */
    static long tensor(ByteBuffer bytes, long[] shape, int type, int[] device) {
        try {
            return (long) FROM_BLOB.invokeExact(bytes, shape, type, 0, device, false);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** A tensor of undefined numbers in memory of its own. */
    static long tensor(long[] shape, int type, int[] device) {
        try {
            return (long) EMPTY.invokeExact(shape, type, 0, device, false);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static void deleteTensor(long tensor) {
        try {
            DELETE_TENSOR.invokeExact(tensor);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static void deleteValue(long value) {
        try {
            DELETE_VALUE.invokeExact(value);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** Calls a method of a module without recording gradients; gives a value. */
    static long run(long module, String method, long[] values) {
        try {
            return (long) RUN.invokeExact(module, method, values, false, false);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static long valueOfTensor(long tensor) {
        return ofLong(OF_TENSOR, tensor);
    }

    static long valueOfTensors(long[] tensors) {
        return ofLongs(OF_TENSORS, tensors);
    }

    static long valueOfTuple(long[] values) {
        return ofLongs(OF_TUPLE, values);
    }

    static long valueOfMap(String[] keys, long[] tensors) {
        try {
            return (long) OF_MAP.invokeExact(keys, tensors);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static long valueOfLong(long number) {
        return ofLong(OF_LONG, number);
    }

    static boolean isTensor(long value) {
        return isTrue(IS_TENSOR, value);
    }

    /** Named tuples too. */
    static boolean isTuple(long value) {
        return isTrue(IS_TUPLE, value);
    }

    static boolean isList(long value) {
        return isTrue(IS_LIST, value);
    }

    static boolean isMap(long value) {
        return isTrue(IS_MAP, value);
    }

    /** The type of a value as TorchScript writes it: {@code Dict(str, Tensor)}; a named tuple's is its class. */
    static String type(long value) {
        return text(TYPE, value);
    }

    static long toTensor(long value) {
        return ofLong(TO_TENSOR, value);
    }

    static long toLong(long value) {
        return ofLong(TO_LONG, value);
    }

    static double toDouble(long value) {
        try {
            return (double) TO_DOUBLE.invokeExact(value);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static boolean toBoolean(long value) {
        return isTrue(TO_BOOL, value);
    }

    static String toText(long value) {
        return text(TO_TEXT, value);
    }

    static long[] toLongs(long value) {
        return longs(TO_LONGS, value);
    }

    static double[] toDoubles(long value) {
        try {
            return (double[]) TO_DOUBLES.invokeExact(value);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static boolean[] toBooleans(long value) {
        try {
            return (boolean[]) TO_BOOLS.invokeExact(value);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static long[] listParts(long value) {
        return longs(TO_LIST, value);
    }

    static long[] tupleParts(long value) {
        return longs(TO_TUPLE, value);
    }

    /** Keys and values in turn. */
    static long[] mapParts(long value) {
        return longs(TO_MAP, value);
    }

    static long[] sizes(long tensor) {
        return longs(SIZES, tensor);
    }

    /** Ordinal of DJL's type; {@code UNKNOWN}'s for those it has no word for. */
    static int elementType(long tensor) {
        try {
            return (int) ELEMENT_TYPE.invokeExact(tensor);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** 0 for numbers that lie in memory by strides. */
    static int layout(long tensor) {
        try {
            return (int) LAYOUT.invokeExact(tensor);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    static long dense(long tensor) {
        return ofLong(DENSE, tensor);
    }

    static boolean isContiguous(long tensor) {
        return isTrue(IS_CONTIGUOUS, tensor);
    }

    static long contiguous(long tensor) {
        return ofLong(CONTIGUOUS, tensor);
    }

    /** The memory of a contiguous tensor on processors, valid while that lives. */
    static ByteBuffer view(long tensor) {
        try {
            return (ByteBuffer) VIEW.invokeExact(tensor);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static long ofLong(MethodHandle method, long argument) {
        try {
            return (long) method.invokeExact(argument);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static long ofLongs(MethodHandle method, long[] argument) {
        try {
            return (long) method.invokeExact(argument);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static long[] longs(MethodHandle method, long argument) {
        try {
            return (long[]) method.invokeExact(argument);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static boolean isTrue(MethodHandle method, long argument) {
        try {
            return (boolean) method.invokeExact(argument);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static String text(MethodHandle method, long argument) {
        try {
            return (String) method.invokeExact(argument);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    private static RuntimeException thrown(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        // The native methods declare nothing checked.
        return t instanceof RuntimeException exception ? exception : new IllegalStateException(t);
    }

    private static MethodHandles.Lookup lookup() {
        try {
            Class<?> library =
                    Class.forName("ai.djl.pytorch.jni.PyTorchLibrary", true, JniUtils.class.getClassLoader());
            return MethodHandles.privateLookupIn(library, MethodHandles.lookup());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("DJL's PyTorch binding has no class PyTorchLibrary", e);
        }
    }

    private static Object instance() {
        Class<?> library = LIBRARY.lookupClass();
        try {
            return LIBRARY.findStaticGetter(library, "LIB", library).invoke();
        } catch (Throwable t) {
            throw new LinkageError("DJL's PyTorch binding has no field LIB", t);
        }
    }

    private static MethodHandle find(String name, Class<?> result, Class<?>... parameters) {
        try {
            return LIBRARY.findVirtual(LIBRARY.lookupClass(), name, MethodType.methodType(result, parameters))
                    .bindTo(INSTANCE);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("DJL's PyTorch binding has no method " + name, e);
        }
    }
}
