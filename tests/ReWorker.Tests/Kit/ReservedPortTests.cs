using System.Net;
using System.Net.Sockets;
using Xunit;

namespace ReWorker.Tests.Kit;

/// <summary>Concurrent test runs never get the same port.</summary>
public sealed class ReservedPortTests
{
    [Fact]
    public void TryTake_PortReserved_ReturnsNullWhileThePortCanBeListenedOn()
    {
        using var port = ReservedPort.Take();
        using var listener = new TcpListener(IPAddress.Loopback, port.Number);
        listener.Start();
        listener.Stop();

        // as another process would do
        Assert.Null(ReservedPort.TryTake(port.Number));

        port.Dispose();
        using var again = ReservedPort.TryTake(port.Number);
        Assert.NotNull(again);
    }

    [Fact]
    public void TryTake_ProgramListensOnThePort_ReturnsNull()
    {
        using var port = ReservedPort.Take();
        using var listener = new TcpListener(IPAddress.Loopback, port.Number);
        listener.Start();
        port.Dispose();

        Assert.Null(ReservedPort.TryTake(port.Number));
    }
}
