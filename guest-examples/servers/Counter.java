import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Serves HTTP on 127.0.0.1:PORT: each answer is the next number. A pool of threads, a timer, and garbage. */
public class Counter {
    private static final AtomicLong next = new AtomicLong();
    private static final ConcurrentHashMap<Long, byte[]> seen = new ConcurrentHashMap<>();

    private static void answer(HttpExchange exchange) throws IOException {
        long number = next.incrementAndGet();
        seen.put(number, new byte[10_000]);
        seen.remove(number - 100);
        byte[] body = (number + "\n").getBytes();
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    public static void main(String[] arguments) throws IOException {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])), 50);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/", Counter::answer);
        Executors.newScheduledThreadPool(1).scheduleAtFixedRate(
            () -> seen.put(-1L, new byte[100_000]), 5, 5, TimeUnit.MILLISECONDS);
        server.start();
    }
}
