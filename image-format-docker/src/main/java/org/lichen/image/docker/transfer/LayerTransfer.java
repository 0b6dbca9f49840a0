package org.lichen.image.docker.transfer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.lichen.api.Cancellation;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.Request;
import org.lichen.api.image.ImageStore;
import org.lichen.image.docker.model.Descriptor;

/**
 * Brings the layers of an image into the store, several at once; each is read, verified and
 * unpacked in one pass. The first failure ends them all. When it returns, nothing of it runs any
 * more.
 */
final class LayerTransfer {
  private final Request request;
  private final ImageStore.Writer into;

  LayerTransfer(Request request, ImageStore.Writer into) {
    this.request = request;
    this.into = into;
  }

  void run(Content content, List<Descriptor> layers, List<Digest> diffIds)
      throws ContainerException {
    Stop stop = new Stop(content);
    Map<Map.Entry<Digest, Digest>, LayerJob> jobs = new LinkedHashMap<>();
    for (int i = 0; i < layers.size(); i++) {
      Descriptor layer = layers.get(i);
      Digest diffId = diffIds.get(i);
      jobs.computeIfAbsent(
          Map.entry(layer.digest(), diffId),
          same -> new LayerJob(content, layer, diffId, into, stop, request.progress()));
    }
    if (jobs.isEmpty()) {
      return;
    }
    ExecutorService pool =
        Executors.newFixedThreadPool(Math.min(parallel(), jobs.size()), LayerTransfer::thread);
    try (Cancellation.Registration registration = request.cancellation().onRequest(stop::now)) {
      List<Future<?>> running = new ArrayList<>();
      jobs.values().forEach(job -> running.add(pool.submit(job)));
      await(running, stop);
      request.cancellation().check();
      if (stop.failure().isPresent()) {
        throw stop.failure().get();
      }
    } finally {
      pool.shutdown();
      jobs.values().forEach(LayerJob::end);
    }
  }

  /**
   * Waits for all, without ever interrupting a worker: an interrupt would close channels of the
   * store that other requests use.
   */
  private static void await(List<Future<?>> running, Stop stop) throws ContainerException {
    boolean interrupted = false;
    for (Future<?> each : running) {
      for (boolean waiting = true; waiting; ) {
        try {
          each.get();
          waiting = false;
        } catch (InterruptedException wanted) {
          interrupted = true;
          stop.now();
        } catch (ExecutionException defect) {
          throw new IllegalStateException(defect); // a job keeps its failures to itself
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
      throw new ContainerException(ContainerException.Kind.HOST, "interrupted", "");
    }
  }

  private int parallel() {
    String set = request.configuration().text("registries.parallel").orElse("4");
    return set.matches("[1-9][0-9]?") ? Integer.parseInt(set) : 4;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "lichen-layer");
    thread.setDaemon(true);
    return thread;
  }
}
