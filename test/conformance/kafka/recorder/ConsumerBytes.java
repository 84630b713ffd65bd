import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.TopicPartition;

/** The byte strings inside the messages of a group: subscriptions, assignments, or any text. */
final class ConsumerBytes {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ConsumerBytes() {}

  /** Bytes of a text, of `{ topics, owned, generation, userData }` (a subscription) or of `{ assigned }`. */
  static byte[] encode(JsonNode value) {
    if (!value.isObject()) return value.asText().getBytes(StandardCharsets.UTF_8);
    if (value.has("assigned")) {
      return array(ConsumerProtocol.serializeAssignment(new Assignment(partitions(value.get("assigned")))));
    }
    return array(ConsumerProtocol.serializeSubscription(subscription(value)));
  }

  static Subscription subscription(JsonNode value) {
    List<String> topics = new ArrayList<>();
    value.get("topics").forEach(topic -> topics.add(topic.asText()));
    ByteBuffer userData = value.hasNonNull("userData")
        ? ByteBuffer.wrap(value.get("userData").asText().getBytes(StandardCharsets.UTF_8)) : null;
    return new Subscription(topics, userData, partitions(value.path("owned")), value.path("generation").asInt(-1),
        Optional.empty());
  }

  /** The reverse of encode, as far as the field's name and the bytes' first number (a version) tell. */
  static JsonNode decode(String field, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (bytes.length > 2 && buffer.getShort(0) >= 0 && buffer.getShort(0) <= 3) {
      try {
        return field.equals("metadata")
            ? view(ConsumerProtocol.deserializeSubscription(buffer)) : view(ConsumerProtocol.deserializeAssignment(buffer));
      } catch (RuntimeException notOfTheConsumerProtocol) {
        return NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
      }
    }
    return NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
  }

  private static ObjectNode view(Subscription subscription) {
    ObjectNode out = NODES.objectNode();
    ArrayNode topics = out.putArray("topics");
    subscription.topics().forEach(topics::add);
    if (!subscription.ownedPartitions().isEmpty()) out.set("owned", view(subscription.ownedPartitions()));
    subscription.generationId().filter(generation -> generation >= 0)
        .ifPresent(generation -> out.put("generation", generation));
    return out;
  }

  private static ObjectNode view(Assignment assignment) {
    ObjectNode out = NODES.objectNode();
    out.set("assigned", view(assignment.partitions()));
    return out;
  }

  /** Partitions by topic, in the order in which they are listed. */
  static ObjectNode view(List<TopicPartition> partitions) {
    Map<String, ArrayNode> byTopic = new TreeMap<>();
    partitions.forEach(each -> byTopic.computeIfAbsent(each.topic(), topic -> NODES.arrayNode()).add(each.partition()));
    ObjectNode out = NODES.objectNode();
    byTopic.forEach(out::set);
    return out;
  }

  static List<TopicPartition> partitions(JsonNode byTopic) {
    List<TopicPartition> out = new ArrayList<>();
    byTopic.fields().forEachRemaining(
        field -> field.getValue().forEach(each -> out.add(new TopicPartition(field.getKey(), each.asInt()))));
    return out;
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] out = new byte[buffer.remaining()];
    buffer.get(out);
    return out;
  }
}
