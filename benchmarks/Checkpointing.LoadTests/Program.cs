return await Checkpointing.LoadTests.LoadTestCommandLine.RunAsync(args).ConfigureAwait(false);
