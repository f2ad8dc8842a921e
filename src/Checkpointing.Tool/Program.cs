return await Checkpointing.Tool.ToolCommandLine.RunAsync(args).ConfigureAwait(false);
