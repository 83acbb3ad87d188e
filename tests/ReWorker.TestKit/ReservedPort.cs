using System.Net;
using System.Net.Sockets;

namespace ReWorker.TestKit;

/// <summary>
/// A TCP port that no other test run takes, even while nothing listens on it. The reservation is the UDP port of the
/// same number: one process at a time can hold it, and the system frees it however that process ends.
/// </summary>
public sealed class ReservedPort : IDisposable
{
    // Below the ports that the system gives to connections, and below those that broker.sh picks.
    private const int First = 12_000, Last = 19_999;

    private readonly Socket _reservation;

    private ReservedPort(Socket reservation, int number) => (_reservation, Number) = (reservation, number);

    public int Number { get; }

    public static ReservedPort Take()
    {
        while (true)
            if (TryTake(Random.Shared.Next(First, Last + 1)) is { } port) return port;
    }

    /// <summary>Null if another run has reserved the port, or a program listens on it.</summary>
    public static ReservedPort? TryTake(int number)
    {
        var reservation = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            reservation.Bind(new IPEndPoint(IPAddress.Loopback, number));
            using var listener = new TcpListener(IPAddress.Any, number);
            listener.Start();
            return new ReservedPort(reservation, number);
        }
        catch (SocketException)
        {
            reservation.Dispose();
            return null;
        }
    }

    public void Dispose() => _reservation.Dispose();
}
