namespace ReWorker.Mutants.Defects;

internal static class DeliveryDefects
{
    public static DefectTable Table { get; } = new("Runtime/Deliveries", ["LedgerTests"],
    [
        new("forgets the equal jobs behind a job", "Ledger.Register",
            "new InFlightJob(delivery) { Next = equal }", "new InFlightJob(delivery)"),
    ]);
}
