namespace ReWorker.Faults;

/// <summary>What several rows do to the broker.</summary>
internal static class BrokerFaults
{
    public static async Task StopAppAsync(this Bench bench, TimeSpan pause)
    {
        await bench.Broker.ControlAsync("stop_app");
        await Task.Delay(pause);
        await bench.Broker.ControlAsync("start_app");
        bench.Over();
    }

    public static Task DeleteVHostAsync(this Bench bench) =>
        bench.Broker.EvalAsync($"""rabbit_vhost:delete(<<"{bench.VHost}">>, <<"faults">>).""");

    /// <summary>Makes it again, empty.</summary>
    public static Task MakeVHostAsync(this Bench bench) => bench.Broker.EvalAsync(
        $$"""
        rabbit_vhost:add(<<"{{bench.VHost}}">>, <<"faults">>),
        [rabbit_auth_backend_internal:set_permissions(
           U, <<"{{bench.VHost}}">>, <<".*">>, <<".*">>, <<".*">>, <<"faults">>)
         || U <- [<<"{{bench.User}}">>, <<"{{bench.VHost}}-requester">>]].
        """);

    /// <summary>The memory alarm, until the result is disposed of.</summary>
    public static async Task<Lowered> RaiseAlarmAsync(this Bench bench)
    {
        await bench.Broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1");
        var alarm = new Lowered(bench.Broker);
        bench.Undo(() => alarm.DisposeAsync().AsTask());
        return alarm;
    }

    internal sealed class Lowered(RabbitBroker broker) : IAsyncDisposable
    {
        private bool _isOver;

        public async ValueTask DisposeAsync()
        {
            if (_isOver) return;
            _isOver = true;
            await broker.ControlAsync("set_vm_memory_high_watermark", "0.6");
        }
    }
}
