using System.Globalization;
using BenchmarkDotNet.Running;
using Checkpointing.Benchmarks.Metadata;
using Checkpointing.Benchmarks.SharedState;

if (args is ["metadata-ratios", var files])
{
    MetadataRatios.Run(int.Parse(files, CultureInfo.InvariantCulture));
    return;
}

if (args is ["registry-ratios", var count])
{
    RegistryRatios.Run(int.Parse(count, CultureInfo.InvariantCulture));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
