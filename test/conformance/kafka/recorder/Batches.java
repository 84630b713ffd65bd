import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/** Record batches as plain objects, both ways. */
final class Batches {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int CRC_OFFSET = 17;

  private Batches() {}

  /** The bytes of a list of batches; a batch with `corrupt: true` gets a wrong checksum. */
  static byte[] encode(JsonNode batches) {
    List<byte[]> parts = new ArrayList<>();
    int size = 0;
    for (JsonNode batch : batches) {
      byte[] part = encodeBatch(batch);
      parts.add(part);
      size += part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(size);
    parts.forEach(all::put);
    return all.array();
  }

  private static byte[] encodeBatch(JsonNode batch) {
    byte magic = (byte) batch.path("magic").asInt(RecordBatch.CURRENT_MAGIC_VALUE);
    Compression compression = Compression.of(batch.path("compression").asText("none")).build();
    MemoryRecordsBuilder builder = MemoryRecords.builder(
        ByteBuffer.allocate(1024), magic, compression, TimestampType.CREATE_TIME,
        batch.path("baseOffset").asLong(0), RecordBatch.NO_TIMESTAMP,
        batch.path("producerId").asLong(RecordBatch.NO_PRODUCER_ID),
        (short) batch.path("producerEpoch").asInt(RecordBatch.NO_PRODUCER_EPOCH),
        batch.path("baseSequence").asInt(RecordBatch.NO_SEQUENCE),
        batch.path("isTransactional").asBoolean(false), false, RecordBatch.NO_PARTITION_LEADER_EPOCH);
    for (JsonNode record : batch.get("records")) {
      builder.append(record.path("timestamp").asLong(0), bytes(record.get("key")), bytes(record.get("value")),
          headers(record.path("headers")));
    }
    ByteBuffer buffer = builder.build().buffer();
    byte[] out = new byte[buffer.remaining()];
    buffer.get(out);
    if (batch.path("corrupt").asBoolean(false)) out[CRC_OFFSET] ^= 1;
    return out;
  }

  private static byte[] bytes(JsonNode value) {
    return value == null || value.isNull() ? null : value.asText().getBytes(StandardCharsets.UTF_8);
  }

  private static Header[] headers(JsonNode headers) {
    List<Header> all = new ArrayList<>();
    headers.fields().forEachRemaining(field -> all.add(new RecordHeader(field.getKey(), bytes(field.getValue()))));
    return all.toArray(new Header[0]);
  }

  /** The whole batches of a byte string, in order. A batch cut off at the end is left out, as a consumer does. */
  static ArrayNode decode(byte[] bytes) {
    ArrayNode all = NODES.arrayNode();
    for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
      all.add(decodeBatch(batch));
    }
    return all;
  }

  private static ObjectNode decodeBatch(MutableRecordBatch batch) {
    ObjectNode out = NODES.objectNode();
    out.put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset());
    out.put("partitionLeaderEpoch", batch.partitionLeaderEpoch());
    out.put("producerId", batch.producerId()).put("producerEpoch", batch.producerEpoch());
    out.put("baseSequence", batch.baseSequence());
    out.put("isTransactional", batch.isTransactional()).put("isControl", batch.isControlBatch());
    out.put("timestampType", batch.timestampType().name);
    out.put("compression", batch.compressionType().name);
    if (batch.deleteHorizonMs().isPresent()) out.put("hasDeleteHorizon", true);
    out.put("sizeInBytes", batch.sizeInBytes());
    ArrayNode records = out.putArray("records");
    for (Record record : batch) records.add(batch.isControlBatch() ? control(record) : data(record));
    return out;
  }

  private static ObjectNode data(Record record) {
    ObjectNode out = NODES.objectNode();
    out.put("offset", record.offset()).put("timestamp", record.timestamp());
    out.set("key", text(record.key()));
    out.set("value", text(record.value()));
    if (record.headers().length > 0) {
      ObjectNode headers = out.putObject("headers");
      for (Header header : record.headers()) {
        headers.put(header.key(), header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8));
      }
    }
    return out;
  }

  private static ObjectNode control(Record record) {
    ObjectNode out = NODES.objectNode().put("offset", record.offset());
    ControlRecordType type = ControlRecordType.parse(record.key());
    out.put("controlType", type.name());
    if (type == ControlRecordType.COMMIT || type == ControlRecordType.ABORT) {
      out.put("coordinatorEpoch", EndTransactionMarker.deserialize(record).coordinatorEpoch());
    }
    return out;
  }

  private static JsonNode text(ByteBuffer value) {
    return value == null ? NODES.nullNode() : NODES.textNode(StandardCharsets.UTF_8.decode(value).toString());
  }
}
