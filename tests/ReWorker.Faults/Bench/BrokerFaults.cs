using RabbitMQ.Client;

namespace ReWorker.Faults;

/// <summary>What several rows do to the broker.</summary>
internal static class BrokerFaults
{
    public static async Task StopAppAsync(this Bench bench, double seconds)
    {
        await bench.Broker.ControlAsync("stop_app");
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        await bench.Broker.ControlAsync("start_app");
    }

    public static Task CloseConnectionsAsync(this Bench bench) =>
        bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");

    public static Task SetPasswordAsync(this Bench bench, string password) =>
        bench.Broker.ControlAsync("change_password", bench.User, password);

    /// <summary>Sets the worker's permissions, as patterns.</summary>
    public static Task PermitAsync(this Bench bench, string configure = ".*", string write = ".*") =>
        bench.Broker.ControlAsync("set_permissions", "-p", bench.VHost, bench.User, configure, write, ".*");

    public static Task DeleteQueueAsync(this Bench bench, string queue = Bench.Queue) =>
        bench.Broker.ControlAsync("delete_queue", "-p", bench.VHost, queue);

    /// <summary>Declares a durable queue on the requester's connection.</summary>
    public static Task DeclareQueueAsync(
        this Bench bench, string queue, params (string Key, object? Value)[] arguments) =>
        bench.Requester.OnChannelAsync(channel => channel.QueueDeclareAsync(
            queue, durable: true, exclusive: false, autoDelete: false,
            arguments.ToDictionary(one => one.Key, one => one.Value)));

    /// <summary>A policy that lets the broker cancel consumers after five seconds.</summary>
    public static Task LimitConsumersAsync(this Bench bench) => bench.Broker.ControlAsync(
        "set_policy", "-p", bench.VHost, "timeout", "^worker", """{"consumer-timeout":5000}""", "--apply-to", "queues");

    public static Task DeleteVHostAsync(this Bench bench) =>
        bench.Broker.EvalAsync($"""rabbit_vhost:delete(<<"{bench.VHost}">>, <<"faults">>).""");

    /// <summary>Creates it again, empty.</summary>
    public static Task CreateVHostAsync(this Bench bench) => bench.Broker.EvalAsync(
        $$"""
        rabbit_vhost:add(<<"{{bench.VHost}}">>, <<"faults">>),
        [rabbit_auth_backend_internal:set_permissions(
           U, <<"{{bench.VHost}}">>, <<".*">>, <<".*">>, <<".*">>, <<"faults">>)
         || U <- [<<"{{bench.User}}">>, <<"{{bench.VHost}}-requester">>]].
        """);

    /// <summary>Raises the memory alarm; the result clears it.</summary>
    public static async Task<Func<Task>> RaiseAlarmAsync(this Bench bench)
    {
        await bench.Broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1");
        return bench.Undo(() => bench.Broker.ControlAsync("set_vm_memory_high_watermark", "0.6"));
    }
}
