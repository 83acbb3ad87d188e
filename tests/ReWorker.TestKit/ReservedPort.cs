using System.Net;
using System.Net.Sockets;

namespace ReWorker.TestKit;

/// <summary>
/// A TCP port that no other test run takes, even while nothing listens on it. Binding the UDP port of the same number
/// reserves it: only one process can bind that, and the system releases it however the process ends.
/// </summary>
public sealed class ReservedPort : IDisposable
{
    // Below the system's ephemeral ports and below the ports that broker.sh picks.
    private const int First = 12_000, Last = 19_999;

    private readonly Socket _reservation;

    private ReservedPort(Socket reservation, int number) => (_reservation, Number) = (reservation, number);

    public int Number { get; }

    public static ReservedPort Take()
    {
        while (true)
            if (TryTake(Random.Shared.Next(First, Last + 1)) is { } port) return port;
    }

    /// <summary>Returns null if another run has reserved the port or a program listens on it.</summary>
    public static ReservedPort? TryTake(int number)
    {
        var reservation = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            reservation.Bind(new IPEndPoint(IPAddress.Loopback, number));
            if (!IsListening(number)) return new ReservedPort(reservation, number);
        }
        catch (SocketException)
        {
            // reserved by another run
        }
        reservation.Dispose();
        return null;
    }

    public void Dispose() => _reservation.Dispose();

    /// <summary>Connects instead of listening: a process that is being started would hold the listener open.</summary>
    private static bool IsListening(int number)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, number);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused)
        {
            return false;
        }
    }
}
