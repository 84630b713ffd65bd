import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.RequestUtils;

/** One client's socket to one broker: requests go out at once, answers come back in the order of the requests. */
final class Connection {
  private record Pending(JsonNode id, ApiKeys api, short version, JsonNode request, double sentMillis) {}

  private final Socket socket;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private int correlationId;
  private boolean closed;

  Connection(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    Thread reader = new Thread(this::read);
    reader.setDaemon(true);
    reader.start();
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Sends a request and answers later, on standard output; a request without an answer (acks=0) is answered at once. */
  synchronized void send(JsonNode id, String clientId, ApiKeys api, short version, JsonNode given, boolean answered)
      throws ReflectiveOperationException, IOException {
    Messages.Made request = Messages.read(api.messageType.newRequest(), given, version);
    JsonNode view = Messages.view("", request.tree());
    short headerVersion = api.requestHeaderVersion(version);
    RequestHeaderData header = new RequestHeaderData().setRequestApiKey(api.id).setRequestApiVersion(version)
        .setClientId(clientId).setCorrelationId(correlationId++);
    ByteBuffer body = RequestUtils.serialize(header, headerVersion, request.message(), version);
    ByteBuffer frame = ByteBuffer.allocate(4 + body.remaining()).putInt(body.remaining()).put(body);
    Pending sent = new Pending(id, api, version, view, Wire.nowMillis());
    if (answered) pending.add(sent);
    socket.getOutputStream().write(frame.array());
    if (!answered) answer(sent, JsonNodeFactory.instance.nullNode());
  }

  void close() throws IOException {
    socket.close();
  }

  private void read() {
    try (DataInputStream in = new DataInputStream(socket.getInputStream())) {
      while (true) {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        Pending sent;
        synchronized (this) {
          sent = pending.remove();
        }
        ByteBufferAccessor buffer = new ByteBufferAccessor(ByteBuffer.wrap(bytes));
        new ResponseHeaderData().read(buffer, sent.api.responseHeaderVersion(sent.version));
        ApiMessage response = sent.api.messageType.newResponse();
        response.read(buffer, sent.version);
        answer(sent, Messages.view("", Messages.write(response, sent.version)));
      }
    } catch (IOException end) {
      closeAll(null);
    } catch (Exception error) {
      closeAll(error.toString());
    }
  }

  private synchronized void closeAll(String error) {
    closed = true;
    while (!pending.isEmpty()) {
      ObjectNode gone = JsonNodeFactory.instance.objectNode().put("connectionClosed", true);
      if (error != null) gone.put("recorderError", error);
      answer(pending.remove(), gone);
    }
  }

  private static void answer(Pending sent, JsonNode response) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.set("id", sent.id);
    line.set("request", sent.request);
    line.set("response", response);
    line.put("sentMillis", sent.sentMillis).put("receivedMillis", Wire.nowMillis());
    Wire.print(line);
  }
}
