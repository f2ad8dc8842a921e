using System.Globalization;
using BenchmarkDotNet.Running;
using Checkpointing.Benchmarks.Metadata;

if (args is ["metadata-ratios", var files])
{
    MetadataRatios.Run(int.Parse(files, CultureInfo.InvariantCulture));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
