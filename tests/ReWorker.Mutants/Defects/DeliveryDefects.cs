namespace ReWorker.Mutants.Defects;

internal static class DeliveryDefects
{
    public static DefectTable Table { get; } = new("Runtime/Deliveries", ["LedgerTests"],
    [
        new("forgets the equal jobs behind a job", "Ledger.Register", "Next = equal", "Next = null"),
    ]);
}
