import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Kafka's generated messages as plain objects, both ways, through Kafka's generated JSON converters. */
final class Messages {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Messages() {}

  /** A message with what it is made from: a tree in which no field is missing. */
  record Made(ApiMessage message, JsonNode tree) {}

  /** A message of a version from the fields that are given; the others get Kafka's defaults. */
  static Made read(ApiMessage empty, JsonNode given, short version) throws ReflectiveOperationException {
    Class<?> type = empty.getClass();
    JsonNode tree = fill(type, given, version);
    ApiMessage message = (ApiMessage) call(converter(type).getMethod("read", JsonNode.class, short.class), null,
        tree, version);
    check(type.getSimpleName() + " v" + version, given, write(type, message, version));
    return new Made(message, tree);
  }

  /** A message as Kafka's converter writes it, but with the records, which the converter leaves out. */
  static JsonNode write(ApiMessage message, short version) throws ReflectiveOperationException {
    JsonNode tree = write(message.getClass(), message, version);
    if (message instanceof FetchResponseData response) {
      for (int topic = 0; topic < response.responses().size(); topic++) {
        List<FetchResponseData.PartitionData> partitions = response.responses().get(topic).partitions();
        for (int at = 0; at < partitions.size(); at++) {
          if (!(partitions.get(at).records() instanceof MemoryRecords records)) continue;
          byte[] bytes = new byte[records.sizeInBytes()];
          records.buffer().get(bytes);
          ((ObjectNode) tree.get("responses").get(topic).get("partitions").get(at)).put("records", bytes);
        }
      }
    }
    return tree;
  }

  /** A message with texts for bytes, batches for records and names for error codes. */
  static JsonNode view(String field, JsonNode node) throws java.io.IOException {
    if (node.isBinary()) {
      return field.equals("records") ? Batches.decode(node.binaryValue()) : ConsumerBytes.decode(field, node.binaryValue());
    }
    if (node.isArray()) {
      ArrayNode out = NODES.arrayNode();
      for (JsonNode each : node) out.add(view(field, each));
      return out;
    }
    if (node.isObject()) {
      ObjectNode out = NODES.objectNode();
      for (Iterator<Map.Entry<String, JsonNode>> fields = node.fields(); fields.hasNext(); ) {
        Map.Entry<String, JsonNode> each = fields.next();
        out.set(each.getKey(), view(each.getKey(), each.getValue()));
      }
      return out;
    }
    boolean isErrorCode = field.equals("errorCode") || field.endsWith("ErrorCode");
    return isErrorCode && node.isIntegralNumber() ? NODES.textNode(Errors.forCode(node.shortValue()).name()) : node;
  }

  private static JsonNode fill(Class<?> type, JsonNode given, short version) throws ReflectiveOperationException {
    ObjectNode out = (ObjectNode) write(type, type.getDeclaredConstructor().newInstance(), version);
    for (Iterator<Map.Entry<String, JsonNode>> fields = given.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> each = fields.next();
      out.set(each.getKey(), value(type.getMethod(each.getKey()), each.getValue(), version));
    }
    return out;
  }

  private static JsonNode value(Method getter, JsonNode given, short version) throws ReflectiveOperationException {
    Class<?> type = getter.getReturnType();
    if (given.isNull()) return given;
    if (getter.getName().equals("records")) return BinaryNode.valueOf(Batches.encode(given));
    if (type == byte[].class || type == ByteBuffer.class) return BinaryNode.valueOf(ConsumerBytes.encode(given));
    if (given.isArray()) {
      Class<?> element = element(getter);
      ArrayNode out = NODES.arrayNode();
      for (JsonNode each : given) out.add(each.isObject() ? fill(element, each, version) : each);
      return out;
    }
    return given.isObject() ? fill(type, given, version) : given;
  }

  private static Class<?> element(Method getter) {
    Type type = getter.getGenericReturnType();
    if (!(type instanceof ParameterizedType)) type = getter.getReturnType().getGenericSuperclass();
    Type argument = ((ParameterizedType) type).getActualTypeArguments()[0];
    return (Class<?>) argument;
  }

  private static JsonNode write(Class<?> type, Object message, short version) throws ReflectiveOperationException {
    return (JsonNode) call(converter(type).getMethod("write", type, short.class), null, message, version);
  }

  private static Class<?> converter(Class<?> type) throws ClassNotFoundException {
    Class<?> outer = type.getDeclaringClass();
    return Class.forName(outer == null ? type.getName() + "JsonConverter"
        : outer.getName() + "JsonConverter$" + type.getSimpleName() + "JsonConverter");
  }

  private static void check(String where, JsonNode given, JsonNode written) {
    for (Iterator<Map.Entry<String, JsonNode>> fields = given.fields(); fields.hasNext(); ) {
      Map.Entry<String, JsonNode> each = fields.next();
      JsonNode there = written.get(each.getKey());
      if (there == null) throw new IllegalArgumentException(where + " has no field " + each.getKey());
      if (each.getKey().equals("records") || there.isBinary()) continue;
      if (each.getValue().isObject()) check(where, each.getValue(), there);
      for (int at = 0; each.getValue().isArray() && at < there.size(); at++) {
        if (there.get(at).isObject()) check(where + '.' + each.getKey(), each.getValue().get(at), there.get(at));
      }
    }
  }

  private static Object call(Method method, Object target, Object... arguments) throws ReflectiveOperationException {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException error) {
      if (error.getCause() instanceof RuntimeException cause) throw cause;
      throw error;
    }
  }
}
