using ReWorker.Faults;

// started as the matrix starts itself: worker …
return await ChaosProcess.RunAsync(args[1..]);
