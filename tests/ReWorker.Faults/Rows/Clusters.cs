using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>A cluster of three nodes loses one or two of them.</summary>
internal static class Clusters
{
    public static Fault[] Rows { get; } =
    [
        new(
            "cluster-leader-killed",
            "three nodes, quorum queues, load; docker kill of the job queue's leader; 15 s; docker start")
        {
            IsQuick = false,
            NeedsCluster = true,
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                var start = await KillUnderLoadAsync(bench, cluster => cluster.LeaderNodeAsync(bench.VHost, Queue));
                await bench.SendManyAsync(20, seconds: 0.2);
                await bench.RecoverAsync(within: 40);
                await Task.Delay(TimeSpan.FromSeconds(15));
                await start();
            },
            CleanWithin = 40,
        },

        new(
            "cluster-node-gone",
            "three nodes, load; docker kill of the node that the worker consumes from, which returns after all jobs")
        {
            IsQuick = false,
            NeedsCluster = true,
            Remedy = [Remedies.Memory],
            Inject = async bench =>
            {
                await KillUnderLoadAsync(bench, cluster => cluster.ConsumerNodeAsync(bench.VHost, Queue));
                bench.Then(() => bench.Worker.HasLogged("was redelivered after its end"), () => "nothing came again");
            },
            RecoversWithin = 40,
            // the jobs that ran are redelivered a minute later
            CleanWithin = 90,
        },

        new(
            "never-twice-node-gone",
            "three nodes, Worker:OnRedelivery is Fail; during a job docker kill of the node that the worker consumes "
            + "from and kill -9 of the worker, as if they shared a machine; another worker starts")
        {
            IsQuick = false,
            NeedsCluster = true,
            Settings = { ["Worker:OnRedelivery"] = "Fail" },
            Remedy = [Remedies.Redelivered],
            Inject = async bench =>
            {
                await bench.SettledAsync();
                await bench.StartJobAsync(seconds: 30, expected: "failed");
                await KillAsync(bench, cluster => cluster.ConsumerNodeAsync(bench.VHost, Queue));
                await bench.Worker.SignalAsync("KILL");
                bench.Over();
                bench.StartWorker();
            },
            RecoversWithin = 40,
            // the broker redelivers the job after a minute, without having counted the first delivery
            CleanWithin = 100,
            IsRestarted = true,
        },

        new("cluster-majority-down", "docker kill of two of three nodes for 40 s while jobs run and wait")
        {
            IsQuick = false,
            NeedsCluster = true,
            Remedy = [Remedies.Reconnect, Remedies.ConsumptionProbe],
            Inject = async bench =>
            {
                var cluster = (Cluster)bench.Broker;
                await bench.SendManyAsync(20, seconds: 3);
                await cluster.KillAsync(1);
                await cluster.KillAsync(2);
                var start = bench.Undo(() => cluster.StartAsync(1, 2));
                await bench.NotReadyAsync(within: 40);
                await bench.StillAliveAsync();
                await Task.Delay(TimeSpan.FromSeconds(40));
                await start();
            },
            ReadyWithin = 60,
            RecoversWithin = 30,
            CleanWithin = 60,
        },
    ];

    /// <summary>Kills a node while jobs run and wait, and resets the worker's connections.</summary>
    private static async Task<Func<Task>> KillUnderLoadAsync(Bench bench, Func<Cluster, Task<int>> find)
    {
        await bench.SendManyAsync(40, seconds: 0.5);
        var start = await KillAsync(bench, find);
        bench.Proxy.Reset();
        bench.Over();
        return start;
    }

    /// <summary>Kills a node; the result starts it again.</summary>
    private static async Task<Func<Task>> KillAsync(Bench bench, Func<Cluster, Task<int>> find)
    {
        var cluster = (Cluster)bench.Broker;
        var node = await find(cluster);
        await cluster.KillAsync(node);
        return bench.Undo(() => cluster.StartAsync(node));
    }
}
