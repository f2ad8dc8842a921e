namespace Checkpointing.Torture.Tests;

/// <summary>Tests that measure the process, and tests that would show in such measures: one after the other, and beside
/// no others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeProcess
{
    public const string Name = "whole process";
}
