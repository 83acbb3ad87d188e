namespace ReWorker.Faults.Rows;

internal abstract class ClusterFault(string name, string how) : Fault(name, how)
{
    public override bool IsQuick => false;

    public override bool NeedsCluster => true;

    /// <summary>Jobs are running and waiting, a node is killed, and the worker, whichever node it was on, is without it.</summary>
    protected static async Task<int> KillUnderLoadAsync(Bench bench, Func<Cluster, Task<int>> find)
    {
        await bench.WarmUpAsync();
        await bench.SendManyAsync(40, seconds: 0.5);
        var node = await KillAsync(bench, find);
        bench.Proxy.Reset();
        bench.Over();
        return node;
    }

    protected static async Task<int> KillAsync(Bench bench, Func<Cluster, Task<int>> find)
    {
        var cluster = (Cluster)bench.Broker;
        var node = await find(cluster);
        await cluster.KillAsync(node);
        bench.Undo(() => cluster.StartAsync(node));
        return node;
    }
}

internal sealed class LeaderKilled() : ClusterFault("cluster-leader-killed", "three nodes, quorum queues, load; docker kill the leader of the job queue; 15 s; start it")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        var leader = await KillUnderLoadAsync(bench, cluster => cluster.LeaderNodeAsync(bench.VHost, Bench.Queue));
        await bench.SendManyAsync(20, seconds: 0.2);
        await bench.RecoverAsync(TimeSpan.FromSeconds(40));
        await Task.Delay(TimeSpan.FromSeconds(15));
        await ((Cluster)bench.Broker).StartAsync(leader);
        await bench.CleanAsync(TimeSpan.FromSeconds(40));
    }
}

internal sealed class NodeGone() : ClusterFault("cluster-node-gone", "three nodes, load; docker kill the node that the worker consumes from; it comes back when all jobs are done")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Memory];

    public override async Task RunAsync(Bench bench)
    {
        await KillUnderLoadAsync(bench, cluster => cluster.ConsumerNodeAsync(bench.VHost, Bench.Queue));
        await bench.RecoverAsync(TimeSpan.FromSeconds(40));
        // what the worker had in hand comes again a minute later
        await bench.CleanAsync(TimeSpan.FromSeconds(90));
        Bench.Check(bench.Worker.HasLogged("was delivered again, and ended here"), "nothing came again");
    }
}

internal sealed class NeverTwiceNodeGone() : ClusterFault("never-twice-node-gone", "three nodes, Worker:OnRedelivery is Fail, a job running: kill -9 of its worker, and of the node that it consumes from, as of one machine; another worker is started")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Interrupted];

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:OnRedelivery", "Fail")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SettledAsync();
        var job = await bench.SendAsync(seconds: 30, expected: "failed");
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await KillAsync(bench, cluster => cluster.ConsumerNodeAsync(bench.VHost, Bench.Queue));
        await bench.Worker.SignalAsync("KILL");
        bench.Over();
        bench.StartWorker();
        await bench.RecoverAsync(TimeSpan.FromSeconds(40));
        // the broker gives it out again after a minute, and without having counted it
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(100));
        await bench.CleanAsync(TimeSpan.FromSeconds(5), restarted: true);
    }
}

internal sealed class MajorityDown() : ClusterFault("cluster-majority-down", "two of three nodes killed for 40 s, jobs waiting and running")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect, Mutants.FlowProbe];

    public override async Task RunAsync(Bench bench)
    {
        var cluster = (Cluster)bench.Broker;
        await bench.WarmUpAsync();
        await bench.SendManyAsync(20, seconds: 3);
        await cluster.KillAsync(1);
        await cluster.KillAsync(2);
        bench.Undo(() => cluster.StartAsync(1, 2));
        await bench.NotReadyAsync(TimeSpan.FromSeconds(40));
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        await Task.Delay(TimeSpan.FromSeconds(40));
        await cluster.StartAsync(1, 2);
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(60));
        await bench.RecoverAsync(TimeSpan.FromSeconds(30));
        await bench.CleanAsync(TimeSpan.FromSeconds(60));
    }
}
