namespace ReWorker.Supervision;

/// <summary>What keeps a fault from doing harm.</summary>
[Flags]
internal enum Remedy
{
    None = 0,
    Reconnect = 1,
    Adoption = 2,
    Resend = 4,
    StaleDeliveries = 8,
    ConsumerCancel = 16,
    FlowProbe = 32,
    AlarmWait = 64,
    Tolerance = 128,
    ReplyRules = 256,
    OwnCount = 512,
    PoolWatch = 1024,
    ConsumerTimeout = 2048,
}

/// <summary>
/// All are in force. Only the fault matrix (<c>faults --without-remedy</c>) does without one at a time, to
/// show that it is this one which helps.
/// </summary>
internal static class Remedies
{
    internal static Remedy Missing { get; set; }

    public static bool Has(Remedy remedy) => (Missing & remedy) == 0;
}
