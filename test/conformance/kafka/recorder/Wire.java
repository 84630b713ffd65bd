import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * Speaks Kafka's protocol for record.mjs: one command a line of JSON on standard input, one answer a line on standard
 * output, matched by `id`. It ends when standard input ends.
 */
final class Wire {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, Connection> CONNECTIONS = new HashMap<>();

  private Wire() {}

  public static void main(String[] arguments) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode command = JSON.readTree(line);
      try {
        execute(command);
      } catch (Exception error) {
        print(answer(command).put("error", error.toString()));
      }
    }
    System.exit(0);
  }

  private static void execute(JsonNode command) throws Exception {
    switch (command.get("op").asText()) {
      case "clock" -> print(answer(command).put("millis", nowMillis()).put("epochMillis", System.currentTimeMillis()));
      case "version" -> print(answer(command).put("version", AppInfoParser.getVersion()));
      case "send" -> send(command);
      case "close" -> {
        for (Connection connection : CONNECTIONS.values()) connection.close();
        CONNECTIONS.clear();
        print(answer(command));
      }
      case "table" -> {
        ObjectNode out = answer(command);
        out.set("output", Tables.output(command.get("function").asText(), command.get("input")));
        print(out);
      }
      case "errors" -> {
        ObjectNode out = answer(command);
        for (Errors error : Errors.values()) out.put(error.name(), error.code());
        print(out);
      }
      default -> throw new IllegalArgumentException("no such command: " + command.get("op").asText());
    }
  }

  private static void send(JsonNode command) throws Exception {
    String client = command.get("client").asText();
    int port = command.get("port").asInt();
    Connection connection = CONNECTIONS.get(client + ':' + port);
    if (connection == null || connection.isClosed()) {
      connection = new Connection(port);
      CONNECTIONS.put(client + ':' + port, connection);
    }
    ApiKeys api = ApiKeys.valueOf(command.get("apiKey").asText());
    short version = (short) command.path("version").asInt(api.latestVersion());
    boolean answered = !(api == ApiKeys.PRODUCE && command.get("request").path("acks").asInt() == 0);
    connection.send(command.get("id"), client, api, version, command.get("request"), answered);
  }

  private static ObjectNode answer(JsonNode command) {
    ObjectNode out = JsonNodeFactory.instance.objectNode();
    out.set("id", command.get("id"));
    return out;
  }

  static double nowMillis() {
    return System.nanoTime() / 1e6;
  }

  static synchronized void print(JsonNode line) {
    System.out.println(line.toString());
  }
}
