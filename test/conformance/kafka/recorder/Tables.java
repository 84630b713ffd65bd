import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;

/** Pure functions of Kafka's client, for tables of inputs and outputs. */
final class Tables {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private Tables() {}

  static JsonNode output(String function, JsonNode input) throws Exception {
    return switch (function) {
      case "murmur2" -> NODES.numberNode(Utils.murmur2(input.get("key").asText().getBytes(StandardCharsets.UTF_8)));
      case "partitionForKey" -> NODES.numberNode(BuiltInPartitioner.partitionForKey(
          input.get("key").asText().getBytes(StandardCharsets.UTF_8), input.get("partitions").asInt()));
      case "coordinatorPartition" ->
          NODES.numberNode(Utils.abs(input.get("id").asText().hashCode()) % input.get("partitions").asInt());
      case "range" -> assign(RangeAssignor::new, input);
      case "roundrobin" -> assign(RoundRobinAssignor::new, input);
      case "sticky" -> assign(StickyAssignor::new, input);
      case "cooperative-sticky" -> assign(CooperativeStickyAssignor::new, input);
      default -> throw new IllegalArgumentException("no such function: " + function);
    };
  }

  private interface Maker {
    ConsumerPartitionAssignor make();
  }

  /** Members enter a HashMap in the order given, as those of a JoinGroup response do in ConsumerCoordinator. */
  private static JsonNode assign(Maker maker, JsonNode input) {
    Map<String, Subscription> subscriptions = new HashMap<>();
    List<String> members = new ArrayList<>();
    for (Iterator<Map.Entry<String, JsonNode>> each = input.get("members").fields(); each.hasNext(); ) {
      Map.Entry<String, JsonNode> member = each.next();
      members.add(member.getKey());
      subscriptions.put(member.getKey(), subscription(maker.make(), member.getKey(), member.getValue()));
    }
    Map<String, Assignment> assignments = maker.make().assign(cluster(input.get("topics")),
        new GroupSubscription(subscriptions)).groupAssignment();
    ObjectNode out = NODES.objectNode();
    for (String member : members) out.set(member, ConsumerBytes.view(assignments.get(member).partitions()));
    return out;
  }

  private static Subscription subscription(ConsumerPartitionAssignor assignor, String memberId, JsonNode member) {
    Set<String> topics = new LinkedHashSet<>();
    member.get("topics").forEach(topic -> topics.add(topic.asText()));
    Optional<String> instance = Optional.ofNullable(member.get("groupInstanceId")).map(JsonNode::asText);
    List<TopicPartition> owned = ConsumerBytes.partitions(member.path("owned"));
    int generation = member.path("generation").asInt(-1);
    if (member.has("owned")) {
      assignor.onAssignment(new Assignment(owned), new ConsumerGroupMetadata("group", generation, memberId, instance));
    }
    ByteBuffer userData = assignor.subscriptionUserData(topics);
    Subscription subscription =
        new Subscription(new ArrayList<>(topics), userData, owned, generation, Optional.empty());
    subscription.setGroupInstanceId(instance);
    return subscription;
  }

  private static Cluster cluster(JsonNode topics) {
    Node node = new Node(1, "localhost", 9092);
    Node[] nodes = {node};
    List<PartitionInfo> partitions = new ArrayList<>();
    topics.fields().forEachRemaining(topic -> {
      for (int partition = 0; partition < topic.getValue().asInt(); partition++) {
        partitions.add(new PartitionInfo(topic.getKey(), partition, node, nodes, nodes));
      }
    });
    return new Cluster("cluster", List.of(node), partitions, Set.of(), Set.of());
  }
}
