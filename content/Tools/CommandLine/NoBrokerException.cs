namespace ReWorker.Tools.CommandLine;

/// <summary>The broker can't be reached.</summary>
internal sealed class NoBrokerException(string address, Exception why)
    : Exception($"{address}: {BrokerFault.Describe(why)}; {Advice(why)}", why)
{
    /// <summary>A broker that rejects the password is running: advice to look for it would mislead.</summary>
    private static string Advice(Exception why) => BrokerFault.IsAuthenticationFailure(why)
        ? "check Broker:User and Broker:Password, or ConnectionStrings:rabbitmq"
        : "check that the broker is running, and Broker:Server or ConnectionStrings:rabbitmq";
}
