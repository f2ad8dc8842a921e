return Checkpointing.Torture.TortureCommandLine.Run(args, Console.Out);
