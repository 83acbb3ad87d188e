using System.Net;
using System.Net.Sockets;
using Xunit;

namespace ReWorker.Tests.Kit;

/// <summary>Two runs beside each other never get the same port.</summary>
public sealed class ReservedPortTests
{
    [Fact]
    public void Port_WhileItIsReserved_CanBeListenedOnAndNotBeReservedAgain()
    {
        using var port = ReservedPort.Take();
        using var listener = new TcpListener(IPAddress.Loopback, port.Number);
        listener.Start();
        listener.Stop();

        // as another process would try it
        Assert.Null(ReservedPort.TryTake(port.Number));

        port.Dispose();
        using var again = ReservedPort.TryTake(port.Number);
        Assert.NotNull(again);
    }

    [Fact]
    public void Port_ThatAProgramListensOn_IsNotTaken()
    {
        using var port = ReservedPort.Take();
        using var listener = new TcpListener(IPAddress.Loopback, port.Number);
        listener.Start();
        port.Dispose();

        Assert.Null(ReservedPort.TryTake(port.Number));
    }
}
