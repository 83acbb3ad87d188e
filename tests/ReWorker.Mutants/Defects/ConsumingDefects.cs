namespace ReWorker.Mutants.Defects;

internal static class ConsumingDefects
{
    private static readonly string[] Consumer = ["ConsumerTests"];
    private static readonly string[] Factory = ["ConsumerFactoryTests"];

    public static DefectTable Table { get; } = new("Runtime/Consuming", ["AckWriterTests", "AckFlushTests"],
    [
        new("does not note the newest delivery", "AckWriter.Track", "_newest = tag", "tag"),
        new("never forgets a settled job", "AckWriter.Track",
            "_open.Count + _inDoubt.Count > runner.Prefetch", "false"),
        new("forgets a job one delivery early", "AckWriter.Track",
            "_open.Count + _inDoubt.Count > runner.Prefetch", "_open.Count + _inDoubt.Count >= runner.Prefetch"),
        new("forgets a job one delivery late", "AckWriter.Track",
            "_open.Count + _inDoubt.Count > runner.Prefetch", "_open.Count + _inDoubt.Count > runner.Prefetch + 1"),
        new("counts unproven settlements alone", "AckWriter.Track",
            "_open.Count + _inDoubt.Count > runner.Prefetch", "_inDoubt.Count > runner.Prefetch"),
        new("leaves proven jobs in the ledger", "AckWriter.Track",
            "if (job is not null) runner.Ledger.Remove(job);", ""),
        new("acknowledges what it should requeue", "AckWriter.Settle", "settlement", "Settlement.Ack"),
        new("does not wait for its writes", "AckWriter.FlushAsync",
            "Task.WhenAny(flushed.Task, epoch.Loss).WaitAsync(cancel)", "Task.CompletedTask"),
        new("waits for writes that an ended epoch drops", "AckWriter.FlushAsync",
            "Task.WhenAny(flushed.Task, epoch.Loss).WaitAsync(cancel)", "flushed.Task.WaitAsync(cancel)"),
        new("waits for its writes although it is told not to", "AckWriter.FlushAsync",
            "Task.WhenAny(flushed.Task, epoch.Loss).WaitAsync(cancel)", "Task.WhenAny(flushed.Task, epoch.Loss)"),
        new("lets a step go on where acknowledgements are written", "AckWriter.FlushAsync",
            "TaskCreationOptions.RunContinuationsAsynchronously", "TaskCreationOptions.None"),
        new("never writes a request to flush", "AckWriter.FlushAsync",
            "_queue.Writer.TryWrite(new Item(null, default, flushed));", ""),
        new("writes one batch only", "AckWriter.RunAsync",
            "while (await _queue.Reader.WaitToReadAsync(epoch.Ended)) await WriteBatchAsync();",
            "if (await _queue.Reader.WaitToReadAsync(epoch.Ended)) await WriteBatchAsync();"),
        new("stays silent when it can't write", "AckWriter.RunAsync",
            "epoch.End(new Loss(LossReason.Channel, e.Message));", ""),
        new("forgets who waits for a flush", "AckWriter.WriteBatchAsync",
            "if (item.Flushed is not null) (flushed ??= []).Add(item.Flushed);", ""),
        new("reports a flush before it writes", "AckWriter.WriteBatchAsync",
            "if (item.Flushed is not null) (flushed ??= []).Add(item.Flushed);", "item.Flushed?.TrySetResult();"),
        new("rejects what it should nack", "AckWriter.WriteBatchAsync",
            "item.Settlement is Settlement.RequeueUncounted", "item.Settlement is Settlement.RequeueCounted"),
        new("nacks every delivery up to the one that it requeues", "AckWriter.WriteBatchAsync", "false", "true"),
        new("drops an uncounted job instead of requeuing it", "AckWriter.WriteBatchAsync",
            "channel.BasicNackAsync(tag, multiple: false, requeue: true, epoch.Ended)",
            "channel.BasicNackAsync(tag, multiple: false, requeue: false, epoch.Ended)"),
        new("drops a counted job instead of requeuing it", "AckWriter.WriteBatchAsync",
            "channel.BasicRejectAsync(tag, requeue: true, epoch.Ended)",
            "channel.BasicRejectAsync(tag, requeue: false, epoch.Ended)"),
        new("keeps a requeued delivery open", "AckWriter.WriteBatchAsync", "MarkWritten(tag, delivery.Job);", ""),
        new("loses the job of a requeue", "AckWriter.WriteBatchAsync",
            "MarkWritten(tag, delivery.Job);", "MarkWritten(tag, null);"),
        new("gathers acknowledgements and never writes them", "AckWriter.WriteBatchAsync",
            "await WriteAcksAsync();", ""),
        new("loses the job of an acknowledgement", "AckWriter.WriteBatchAsync",
            "_acks.Add(tag, delivery.Job);", "_acks.Add(tag, null);"),
        new("never ends a flush", "AckWriter.WriteBatchAsync",
            "flushed?.ForEach(waiter => waiter.TrySetResult());", ""),
        new("ends the oldest flush only", "AckWriter.WriteBatchAsync",
            "flushed?.ForEach(waiter => waiter.TrySetResult());", "flushed?[0].TrySetResult();"),
        new("acknowledges everything without a run", "AckWriter.WriteAcksAsync", "last > 0", "true"),
        new("does not acknowledge a run of one", "AckWriter.WriteAcksAsync", "last > 0", "last > 1"),
        new("acknowledges only the last of a run", "AckWriter.WriteAcksAsync", "true", "false"),
        new("acknowledges what still runs", "AckWriter.WriteAcksAsync", "false", "true"),
        new("keeps a delivery open that it acknowledges alone", "AckWriter.WriteAcksAsync",
            "MarkWritten(tag, job);", ""),
        new("acknowledges again what it acknowledged alone", "AckWriter.WriteAcksAsync", "_acks.Clear();", ""),
        new("looks for a run behind the newest delivery", "AckWriter.TakeRun", "_low < _newest", "_low <= _newest"),
        new("leaves the newest delivery out of a run", "AckWriter.TakeRun", "_low < _newest", "_low + 1 < _newest"),
        new("starts a run one delivery late", "AckWriter.TakeRun", "_low + 1", "_low + 2"),
        new("ends a run at a requeued delivery", "AckWriter.TakeRun", "_open.Contains(tag)", "true"),
        new("continues a run over an open delivery", "AckWriter.TakeRun", "_open.Contains(tag)", "false"),
        new("keeps the deliveries of a run open", "AckWriter.TakeRun", "MarkWritten(last = tag, job);", "last = tag;"),
        new("does not note where a run ends", "AckWriter.TakeRun",
            "MarkWritten(last = tag, job);", "MarkWritten(tag, job);"),
        new("keeps a written delivery open", "AckWriter.MarkWritten", "_open.Remove(tag);", ""),
        new("keeps no settlement in doubt", "AckWriter.MarkWritten", "_inDoubt.Enqueue(job);", ""),

        new("takes what arrives after the end", "Consumer.HandleBasicDeliverAsync",
            "if (!IsAlive) return Task.CompletedTask;", "") { Tests = Consumer },
        new("does not count what it receives", "Consumer.HandleBasicDeliverAsync", "Received++;", "")
            { Tests = Consumer },
        new("does not count what is unsettled", "Consumer.HandleBasicDeliverAsync",
            "Interlocked.Increment(ref _unsettled);", "") { Tests = Consumer },
        new("does not track a delivery", "Consumer.HandleBasicDeliverAsync", "_ackWriter.Track(deliveryTag);", "")
            { Tests = Consumer },
        new("tracks a delivery that is already settled", "Consumer.HandleBasicDeliverAsync",
            """
            {
                Received++;
                Interlocked.Increment(ref _unsettled);
                _ackWriter.Track(deliveryTag);
                var info = new DeliveryInfo(consumerTag, deliveryTag, redelivered, exchange, routingKey);
                runner.Accept(new Delivery(this, info, properties, body.ToArray()));
            }
            """,
            """
            Received++;
            Interlocked.Increment(ref _unsettled);
            var info = new DeliveryInfo(consumerTag, deliveryTag, redelivered, exchange, routingKey);
            runner.Accept(new Delivery(this, info, properties, body.ToArray()));
            _ackWriter.Track(deliveryTag);
            """) { Tests = Consumer },
        new("takes every delivery for a fresh one", "Consumer.HandleBasicDeliverAsync", "redelivered", "false")
            { Tests = Consumer },
        new("mixes exchange and routing key up", "Consumer.HandleBasicDeliverAsync",
            "new DeliveryInfo(consumerTag, deliveryTag, redelivered, exchange, routingKey)",
            "new DeliveryInfo(consumerTag, deliveryTag, redelivered, routingKey, exchange)") { Tests = Consumer },
        new("keeps the client's buffer", "Consumer.HandleBasicDeliverAsync", "body.ToArray()",
            "System.Runtime.InteropServices.MemoryMarshal.TryGetArray(body, out var whole) ? whole.Array! : []")
            { Tests = Consumer },
        new("does not run a job", "Consumer.HandleBasicDeliverAsync",
            "runner.Accept(new Delivery(this, info, properties, body.ToArray()));", "") { Tests = Consumer },
        new("hides that it could not take a delivery", "Consumer.HandleBasicDeliverAsync",
            """epoch.End(new Loss(LossReason.Channel, $"a delivery could not be taken: {e.Message}"));""", "")
            { Tests = Consumer },
        new("reports a cancelled consumer as a lost channel", "Consumer.HandleBasicCancelAsync",
            "LossReason.ConsumerCancelled", "LossReason.Channel") { Tests = Consumer },
        new("counts settled deliveries as unsettled", "Consumer.Settle", "Interlocked.Decrement(ref _unsettled);", "")
            { Tests = Consumer },
        new("settles nothing", "Consumer.Settle", "_ackWriter.Settle(delivery, settlement);", "")
            { Tests = Consumer },
        new("gives all consumers one tag", "Consumer.Tag", """$"{runner.Name}-{Guid.CreateVersion7():N}" """,
            "runner.Name") { Tests = Consumer },

        new("never asks for a consumer timeout again", "ConsumerFactory.StartAsync",
            "_withoutTimeout.ContainsKey(runner.Queue)", "!_withoutTimeout.IsEmpty") { Tests = Factory },
        new("fails where the broker rejects the timeout", "ConsumerFactory.StartAsync",
            "e.ShutdownReason is { ReplyCode: 406 } && _withoutTimeout.TryAdd(runner.Queue, true)", "false")
            { Tests = Factory },
        new("tries any error again without the timeout", "ConsumerFactory.StartAsync",
            "e.ShutdownReason is { ReplyCode: 406 } && _withoutTimeout.TryAdd(runner.Queue, true)",
            "_withoutTimeout.TryAdd(runner.Queue, true)") { Tests = Factory },
        new("asks for a rejected timeout at each connection", "ConsumerFactory.StartAsync",
            "_withoutTimeout.TryAdd(runner.Queue, true)", "true") { Tests = Factory },
        new("asks again with the timeout that was rejected", "ConsumerFactory.StartAsync",
            "await ConsumeAsync(consumers, runner, null, cancel);",
            "await ConsumeAsync(consumers, runner, arguments, cancel);") { Tests = Factory },
        new("does not consume where the timeout is rejected", "ConsumerFactory.StartAsync",
            "await ConsumeAsync(consumers, runner, null, cancel);", "") { Tests = Factory },
        new("sets no prefetch", "ConsumerFactory.ConsumeAsync",
            "await channel.BasicQosAsync(0, (ushort)runner.Prefetch, global: false, cancel);", "") { Tests = Factory },
        new("prefetches as many jobs as it has slots", "ConsumerFactory.ConsumeAsync",
            "(ushort)runner.Prefetch", "(ushort)runner.Options.Concurrency") { Tests = Factory },
        new("limits the prefetch of the whole channel", "ConsumerFactory.ConsumeAsync",
            "channel.BasicQosAsync(0, (ushort)runner.Prefetch, global: false, cancel)",
            "channel.BasicQosAsync(0, (ushort)runner.Prefetch, global: true, cancel)") { Tests = Factory },
        new("acknowledges jobs when they are delivered", "ConsumerFactory.ConsumeAsync",
            """
            channel.BasicConsumeAsync(
                runner.Queue, autoAck: false, consumer.Tag, noLocal: false, exclusive: false, arguments, consumer,
                cancel)
            """,
            """
            channel.BasicConsumeAsync(
                runner.Queue, autoAck: true, consumer.Tag, noLocal: false, exclusive: false, arguments, consumer,
                cancel)
            """) { Tests = Factory },
        new("consumes exclusively", "ConsumerFactory.ConsumeAsync",
            """
            channel.BasicConsumeAsync(
                runner.Queue, autoAck: false, consumer.Tag, noLocal: false, exclusive: false, arguments, consumer,
                cancel)
            """,
            """
            channel.BasicConsumeAsync(
                runner.Queue, autoAck: false, consumer.Tag, noLocal: false, exclusive: true, arguments, consumer,
                cancel)
            """) { Tests = Factory },
        new("loses sight of a consumer", "ConsumerFactory.ConsumeAsync", "consumers.Add(consumer);", "")
            { Tests = Factory },
        new("writes no acknowledgements", "ConsumerFactory.ConsumeAsync", "_ = consumer.WriteAcksAsync();", "")
            { Tests = Factory },
        new("does not keep its consumers", "EpochConsumers.Add", "_consumers.Add(consumer);", "") { Tests = Factory },
        new("does not watch a consumer's channel", "EpochConsumers.Add", "epoch.Watch(consumer.Channel);", "")
            { Tests = Factory },
        new("does not show that it cancels", "EpochConsumers.CancelAsync", "IsStopping = true;", "")
            { Tests = Factory },
        new("cancels its first consumer only", "EpochConsumers.CancelAsync",
            "_consumers.Select(consumer => consumer.Channel.BasicCancelAsync(consumer.Tag, cancellationToken: cancel))",
            """
            _consumers.Take(1)
                .Select(consumer => consumer.Channel.BasicCancelAsync(consumer.Tag, cancellationToken: cancel))
            """) { Tests = Factory },
        new("flushes its first consumer only", "EpochConsumers.FlushAsync",
            "_consumers.Select(consumer => consumer.FlushAsync(cancel))",
            "_consumers.Take(1).Select(consumer => consumer.FlushAsync(cancel))") { Tests = Factory },
    ]);
}
