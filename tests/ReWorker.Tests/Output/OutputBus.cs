using My.Step_1.Tests;
using ReWorker.Tests.Contract;

namespace ReWorker.Tests.Output;

/// <summary>A virtual host of its own: the output worker's queue, and all output that comes to it, are one test class's alone.</summary>
public sealed class OutputBus(SharedBroker broker, PikaOfTheRun pika) : PikaBus(broker, pika)
{
    private readonly string _name = $"output-{Guid.NewGuid():n}";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await RunRabbitmqctlAsync("add_vhost", _name);
        await RunRabbitmqctlAsync("set_permissions", "-p", _name, Uri.UnescapeDataString(Amqp.UserInfo.Split(':')[0]), ".*", ".*", ".*");
        Amqp = new Uri(Amqp, $"/{_name}");
        Requester = Requester.Start(Amqp);
    }

    public override async ValueTask DisposeAsync()
    {
        await Requester.DisposeAsync();
        await RunRabbitmqctlAsync("delete_vhost", _name);
        await base.DisposeAsync();
    }
}
