using System.Security.Authentication;
using RabbitMQ.Client.Exceptions;

namespace ReWorker.Wire.Connections;

/// <summary>Describes a failure to use the broker in one line.</summary>
internal static class BrokerFault
{
    /// <summary>Finds the cause. The client wraps it in "none of the endpoints were reachable".</summary>
    public static string Describe(Exception e) => e switch
    {
        // There is one failure per address. An answer tells more than an address where nothing listens.
        AggregateException { InnerExceptions: { Count: > 0 } all } =>
            Describe(all.FirstOrDefault(one => one is not ConnectFailureException) ?? all[0]),
        BrokerUnreachableException { InnerException: { } inner } => Describe(inner),
        ConnectFailureException { InnerException: { } inner } => Describe(inner),
        AuthenticationFailureException or PossibleAuthenticationFailureException =>
            "the broker rejected the user name or password",
        AuthenticationException when e.Message.Contains("frame", StringComparison.Ordinal) =>
            "TLS failed: the other side does not speak TLS",
        AuthenticationException => $"TLS failed: {e.Message}",
        OperationInterruptedException { ShutdownReason.ReplyText: { Length: > 0 } text } => text,
        _ => e.Message.ReplaceLineEndings(" "),
    };

    /// <summary>True if a broker answered and rejected the credentials.</summary>
    public static bool IsAuthenticationFailure(Exception e) =>
        e is AuthenticationFailureException or PossibleAuthenticationFailureException
        || (e is AggregateException all && all.InnerExceptions.Any(IsAuthenticationFailure))
        || (e.InnerException is { } inner && IsAuthenticationFailure(inner));
}
