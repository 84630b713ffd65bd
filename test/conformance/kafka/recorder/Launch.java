import kafka.Kafka;
import kafka.tools.StorageTool;

/** Formats a node's folder, unless it is formatted already, and runs the node: `Launch <cluster id> <properties>`. */
final class Launch {
  private Launch() {}

  public static void main(String[] arguments) {
    String[] format = {"format", "--ignore-formatted", "--cluster-id", arguments[0], "--config", arguments[1]};
    int status = StorageTool.execute(format, System.err);
    if (status != 0) System.exit(status);
    Kafka.main(new String[] {arguments[1]});
  }
}
