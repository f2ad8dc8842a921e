return Checkpointing.Torture.TortureCommandLine.Run(args);
