using ReWorker.TestKit;

namespace ReWorker.Faults;

/// <summary>The brokers that a row is about.</summary>
[Flags]
internal enum On
{
    V43 = 1,
    V40 = 2,
    V310 = 4,
    Every = V43 | V40 | V310,
}

internal static class OnBroker
{
    extension(RabbitBroker broker)
    {
        public On Kind => broker.Version switch
        {
            ['4', '.', '3', ..] => On.V43,
            ['4', '.', '0', ..] => On.V40,
            _ => On.V310,
        };
    }
}
