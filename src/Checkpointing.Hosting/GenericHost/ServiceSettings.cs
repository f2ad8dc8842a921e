using Microsoft.Extensions.Options;

namespace Checkpointing.Hosting.GenericHost;

/// <summary>Settings of a service, from code and configuration.</summary>
internal sealed class ServiceSettings
{
    public InProcessHostOptions Host { get; } = new();

    /// <summary>By name of the job.</summary>
    public Dictionary<string, HostedJobOptions> Jobs { get; } = [];

    /// <summary>What stops the start, one sentence each.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What was ignored, one sentence each.</summary>
    public List<string> Warnings { get; } = [];
}

/// <summary>Fills and checks the settings of a service.</summary>
/// <remarks>The more special counts: what is set for a job before what is set for all; of two equally special ones the
/// configuration before the code.</remarks>
internal sealed class ServiceSettingsSetup(CheckpointingBuilder builder)
    : IConfigureOptions<ServiceSettings>, IValidateOptions<ServiceSettings>
{
    public const string NoStorage =
        "There is no place for checkpoints: call UseFileSystemStorage or UseStorage after AddCheckpointing.";

    private const string JobsSection = "Jobs";
    private const string RestartSection = nameof(StartOptions.RestartStrategy);

    public void Configure(ServiceSettings options)
    {
        var all = new SettingsBinder(builder.Configuration, builder.Path);
        if (builder.MakeStorage is null)
        {
            all.Problems.Add(NoStorage);
        }

        builder.HostOptions?.Invoke(options.Host);
        all.Bind(options.Host);
        Check(options.Host.Validate, all, all.Problems);
        BindJob(all, new());
        foreach (var job in builder.Jobs)
        {
            options.Jobs.Add(job.Name.Name, OptionsOf(job, options));
        }

        all.Know(JobsSection);
        foreach (var component in new[] { "FileSystem", "RocksDb", "ZooKeeper" })
        {
            all.Know(component);
        }

        options.Problems.AddRange(all.Problems.Except(options.Problems).ToList());
        options.Warnings.AddRange(all.FindUnknownKeys());
        options.Warnings.AddRange(FindUnknownJobs());
    }

    public ValidateOptionsResult Validate(string? name, ServiceSettings options) => options.Problems.Count == 0
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(options.Problems);

    private static void BindJob(SettingsBinder binder, HostedJobOptions options)
    {
        binder.Bind(options, nameof(options.Name));
        binder.Bind(options.Checkpoints);
        binder.BindNumbers(nameof(options.OperatorParallelism), options.OperatorParallelism);
        binder.Know(RestartSection);
        if (binder.Section(RestartSection) is { } section && section.GetChildren().Any())
        {
            var restarts = new RestartSettings();
            var within = new SettingsBinder(section, $"{binder.Path}:{RestartSection}");
            within.Bind(restarts);
            if (within.Problems.Count == 0 && Check(restarts.Validate, within, within.Problems))
            {
                options.RestartStrategy = restarts.ToStrategy();
            }

            binder.Problems.AddRange(within.Problems);
        }
    }

    private static bool Check(Action validate, SettingsBinder binder, List<string> problems)
    {
        try
        {
            validate();
            return true;
        }
        catch (ArgumentException e)
        {
            problems.Add(binder.Sentence(e));
            return false;
        }
    }

    /// <summary>Names a setting where it was written; one from code, which is nowhere, where it can be
    /// overridden.</summary>
    private static string? FindProblem(Action validate, SettingsBinder own, SettingsBinder all)
    {
        try
        {
            validate();
            return null;
        }
        catch (ArgumentException e)
        {
            var setting = (e as SettingOutOfRangeException)?.Setting ?? "";
            return (!own.Has(setting) && all.Has(setting) ? all : own).Sentence(e);
        }
    }

    private HostedJobOptions OptionsOf(JobRegistration job, ServiceSettings settings)
    {
        var name = job.Name.Name;
        var options = new HostedJobOptions();
        builder.JobOptions?.Invoke(options);
        var all = new SettingsBinder(builder.Configuration, builder.Path);
        BindJob(all, options);
        job.Configure?.Invoke(options);
        var own = new SettingsBinder(
            builder.Configuration?.GetSection(JobsSection).GetSection(name), $"{builder.Path}:{JobsSection}:{name}");
        BindJob(own, options);
        options.Name = name;

        settings.Problems.AddRange(own.Problems);
        settings.Warnings.AddRange(own.FindUnknownKeys());
        foreach (var validate in new Action[] { options.Checkpoints.Validate, options.ValidateOwn })
        {
            if (FindProblem(validate, own, all) is { } problem && !settings.Problems.Contains(problem))
            {
                settings.Problems.Add(problem);
            }
        }

        return options;
    }

    private IEnumerable<string> FindUnknownJobs()
    {
        var known = builder.Jobs.Select(static job => job.Name.Name).ToList();
        return
            from section in builder.Configuration?.GetSection(JobsSection).GetChildren() ?? []
            where !known.Contains(section.Key, StringComparer.OrdinalIgnoreCase)
            select $"{builder.Path}:{JobsSection}:{section.Key} is no job of this service and was ignored; its jobs: "
                + $"{string.Join(", ", known)}.";
    }
}
