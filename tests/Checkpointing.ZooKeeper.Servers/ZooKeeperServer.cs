using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Checkpointing.ZooKeeper.Servers;

/// <summary>A real server on the loopback, with a port and a folder of its own; ended by process id.</summary>
/// <remarks>Debian's packages <c>libzookeeper-java</c> and a headless JRE, which <c>tests/run</c> installs.</remarks>
public sealed class ZooKeeperServer : IAsyncDisposable
{
    private const string Jars = "/usr/share/java";
    private const string ClassPath = $"{Jars}/zookeeper.jar:{Jars}/slf4j-simple.jar"

        // For TLS alone; the manifest of the first does not name them.
        + $":{Jars}/netty-codec.jar:{Jars}/netty-resolver.jar:{Jars}/netty-transport-native-unix-common.jar";

    /// <summary>What to do where <see cref="IsInstalled"/> is false.</summary>
    public const string NotInstalled =
        "ZooKeeper is not installed: install the packages libzookeeper-java and a headless JRE.";

    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(60);

    private readonly string _mainClass;
    private readonly string[] _flags;
    private Process? _process;

    /// <summary>A server with a configuration of one's own, not started yet.</summary>
    /// <param name="folder">Its data; owned: it is deleted with the server.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="mainClass">The class of ZooKeeper to start.</param>
    /// <param name="config">Content of <c>zoo.cfg</c>.</param>
    /// <param name="flags">Further arguments of the JVM.</param>
    public ZooKeeperServer(string folder, int port, string mainClass, string config, string[] flags)
    {
        (Folder, Port, _mainClass, _flags) = (folder, port, mainClass, flags);
        File.WriteAllText(ConfigPath, config);
    }

    public string Folder { get; }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Whether servers can be started on this machine.</summary>
    public static bool IsInstalled => File.Exists($"{Jars}/zookeeper.jar") && File.Exists($"{Jars}/slf4j-simple.jar");

    public bool IsRunning => _process is { HasExited: false };

    private string ConfigPath => Path.Combine(Folder, "zoo.cfg");

    /// <summary>Settings that every server has.</summary>
    public static string Config(string folder, int port) =>
        $"""
        dataDir={folder}
        clientPort={port}
        clientPortAddress=127.0.0.1
        admin.enableServer=false
        4lw.commands.whitelist=*
        tickTime=500
        initLimit=20
        syncLimit=10
        minSessionTimeout=1000
        maxSessionTimeout=60000
        maxClientCnxns=0

        """;

    /// <summary>Starts a server that stands alone.</summary>
    public static async Task<ZooKeeperServer> StartAsync(params string[] flags)
    {
        if (!IsInstalled)
        {
            throw new InvalidOperationException(NotInstalled);
        }

        var folder = Directory.CreateTempSubdirectory("zookeeper-").FullName;
        var port = FreePort();
        var server = new ZooKeeperServer(
            folder, port, "org.apache.zookeeper.server.ZooKeeperServerMain", Config(folder, port), flags);
        await server.LaunchAsync();
        return server;
    }

    /// <summary>A port that nobody listens at now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts the process, again if it was killed, and waits until it serves.</summary>
    public async Task LaunchAsync(bool isServing = true)
    {
        var start = new ProcessStartInfo("java")
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = Folder,
        };
        string[] arguments =
        [
            "-Xms16m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.jmx.log4j.disable=true",
            .. _flags, "-cp", ClassPath, _mainClass, ConfigPath,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;

        // Nobody reads these pipes: full ones would stop the server.
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        if (isServing)
        {
            await WaitUntilServingAsync();
        }
    }

    /// <summary>Waits until the server answers <c>srvr</c> with a mode; <c>ruok</c> says yes before it
    /// serves.</summary>
    public async Task WaitUntilServingAsync()
    {
        using var deadline = new CancellationTokenSource(s_startDeadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await ModeAsync() is null)
        {
            if (_process!.HasExited)
            {
                throw new InvalidOperationException($"The server ended with exit code {_process.ExitCode}.");
            }

            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary><c>standalone</c>, <c>leader</c>, <c>follower</c>, <c>read-only</c>; null while it serves
    /// nobody.</summary>
    public async Task<string?> ModeAsync()
    {
        var answer = await AskAsync("srvr");
        return answer?.Split('\n').FirstOrDefault(static line => line.StartsWith("Mode: ", StringComparison.Ordinal))
            ?["Mode: ".Length..].Trim();
    }

    /// <summary>Sends one of the four-letter words.</summary>
    public async Task<string?> AskAsync(string word)
    {
        try
        {
            using var client = new TcpClient();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await client.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(word), deadline.Token);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadToEndAsync(deadline.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>SIGKILL, and waits for the end.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: the process holds its connections and says nothing.</summary>
    public void Stop() => Signal("STOP");

    /// <summary>SIGCONT.</summary>
    public void Continue() => Signal("CONT");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private void Signal(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill -{signal} ended with exit code {kill.ExitCode}.");
        }
    }
}
