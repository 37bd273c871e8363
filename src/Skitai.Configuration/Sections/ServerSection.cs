using System.Net;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Reference;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary><c>[server]</c>.</summary>
internal static class ServerSection
{
    private static readonly Key<int> Threads = new(
        "threads", Kinds.Integer(0, 256, "one request at a time in a worker"), 4,
        "App threads in each worker process.");

    private static readonly Key<int> Processes = new(
        "processes", Kinds.Integer(1, 256), 1,
        "Worker processes for each mounted app.");

    private static readonly Key<IPAddress> Ip = new(
        "ip", Kinds.Address, IPAddress.Loopback,
        "Address to listen on. 127.0.0.1 = reachable from this machine only; 0.0.0.0 = every IPv4 address; :: = every address.");

    private static readonly Key<int> Port = new(
        "port", Kinds.Port, 5000,
        "TCP port to listen on.");

    private static readonly Key<string?> Name = new(
        "name", Kinds.ServerName, null,
        "The server's own name, for a request that names no host. Not set = the conf's name.");

    private static readonly Key<string?> User = new(
        "user", Kinds.User, null,
        "Account that the instance and its apps run as when the daemon was started as root. Not set = [global] user of skitaid.conf.");

    private static readonly Key<string?> Group = new(
        "group", Kinds.Group, null,
        "Group to run as. Not set = the user's own.");

    private static readonly Key<IReadOnlyList<IPNetwork>> TrustedProxies = new(
        "trusted_proxies", Kinds.Networks, [],
        "Addresses and networks of proxies in front whose X-Forwarded-* headers are believed, separated by commas.");

    private static readonly Key<string?> Python = new(
        "python", Kinds.Executable, null,
        "Interpreter of this instance's apps, a venv's bin/python for instance. Not set = [global] python of skitaid.conf.");

    public static readonly Section Declaration = new(
        "server", "Where the instance listens and how many workers its apps get.",
        [Threads, Processes, Ip, Port, Name, User, Group, TrustedProxies, Python]);

    /// <summary>Where the port is set; the section when it is not, 0 when there is none.</summary>
    public static int PortLine(SectionReader reader) => reader.LineOf(Port);

    /// <summary>What says how many workers with how many threads an app gets.</summary>
    public static IReadOnlyList<KeyValue> DescribeWorkers(ServerSettings server) =>
        [Processes.Describe(server.Processes), Threads.Describe(server.Threads)];

    public static ServerSettings Build(SectionReader reader, string instanceName) => new()
    {
        Threads = reader.Get(Threads),
        Processes = reader.Get(Processes),
        Ip = reader.Get(Ip),
        Port = reader.Get(Port),
        Name = reader.Get(Name) ?? instanceName,
        User = reader.Get(User),
        Group = reader.Get(Group),
        TrustedProxies = reader.Get(TrustedProxies),
        Python = reader.Get(Python),
    };
}
