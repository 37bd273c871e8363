using System.Net;
using System.Net.Sockets;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Reference;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary><c>[@name]</c>: other servers behind one name.</summary>
/// <param name="server">Where the instance itself listens.</param>
/// <param name="context">Takes the errors.</param>
internal sealed class ClusterSection(ServerSettings server, ReadContext context)
{
    private const string Http = "http";

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private static readonly Key<string> Type = new(
        "type", Kinds.OneOf(Http, "sqlite3", "postgresql"), Http,
        "What the members speak. sqlite3 and postgresql are not in this version yet.");

    // A postgresql member holds a password.
    private static readonly Key<string?> Members = new(
        "members", Kinds.Text, null,
        "The members, separated by commas: `host:port` and perhaps a weight (1 to 1000), an IPv6 address in brackets; for sqlite3 a file; for postgresql `host:port/db/user/password`.")
    { Secret = true };

    private static readonly Key<bool> Ssl = new(
        "ssl", Kinds.YesNo, false, "Whether the members speak TLS.");

    private static readonly Key<bool> Verify = new(
        "verify", Kinds.YesNo, true, "Whether a member's certificate must be valid and made out for it. Needs ssl.");

    private static readonly Key<string?> CaFile = new(
        "ca_file", Kinds.AuthorityFile, null,
        "PEM file with the only authorities that are believed when members' certificates are checked. Not set = those of the system. Needs ssl.");

    private static readonly Key<string?> SslName = new(
        "ssl_name", Kinds.Host, null, "The name that the members' certificates are for, told them by SNI, too. Not set = each member's host. Needs ssl.");

    private static readonly Key<MemberProtocol> Http2 = new(
        "http2", Protocols(), MemberProtocol.Auto,
        "Whether members are spoken to in HTTP/2. auto = over TLS where they offer it. yes = always, in clear text by prior knowledge (h2c; gRPC needs it).");

    private static readonly Key<string> Host = new(
        "host", Kinds.OneOf("client", "member"), "client",
        "The Host that members get: what the client asked for, or their own host:port.");

    private static readonly Key<bool> Forwarded = new(
        "forwarded", Kinds.YesNo, false, "Whether members get a Forwarded header (RFC 7239) beside X-Forwarded-For, -Proto and -Host.");

    private static readonly Key<string?> HealthPath = new(
        "health_path", Kinds.RequestPath, null,
        "A path that is asked again and again to see whether a member is well. Not set = not asked: only requests show it.");

    private static readonly Key<TimeSpan> HealthInterval = new(
        "health_interval", Kinds.Duration(Shortest, Hour), TimeSpan.FromSeconds(10), "How often it is asked.");

    private static readonly Key<TimeSpan> ConnectTimeout = new(
        "connect_timeout", Kinds.Duration(Shortest, Hour), TimeSpan.FromSeconds(5), "How long connecting to a member may take, TLS included.");

    private static readonly Key<TimeSpan?> ResponseTimeout = new(
        "response_timeout", Optional(Kinds.Duration(Shortest, Hour)), null,
        "How long a member's answer may take to begin once it has the request: more than its slowest page. Then the member has failed, and another one is tried where that is safe, or the client gets 504. Not set = [tunefactors] response_timeout.");

    private static readonly Key<TimeSpan> IdleTimeout = new(
        "idle_timeout", Kinds.Duration(Shortest, Day, "for ever"), TimeSpan.FromSeconds(60),
        "How long an answer that has begun may stand still; then it is cut off.");

    private static readonly Key<TimeSpan> TunnelTimeout = new(
        "tunnel_timeout", Kinds.Duration(Shortest, TimeSpan.FromDays(30), "for ever"), Hour,
        "How long a WebSocket or another upgraded connection may be silent in both directions.");

    private static readonly Key<int> MaxFails = new(
        "max_fails", Kinds.Integer(1, 1000), 1, "Failures in a row after which a member is left alone for a while.");

    private static readonly Key<TimeSpan> FailTimeout = new(
        "fail_timeout", Kinds.Duration(Shortest, Hour), TimeSpan.FromSeconds(1),
        "For how long the first time; twice as long each further time, up to 30s or, if that is longer, this itself.");

    private static readonly Key<TimeSpan> SlowStart = new(
        "slow_start", Kinds.Duration(Shortest, Hour, "it gets it at once"), TimeSpan.FromSeconds(10),
        "How long a member that has come back takes to get its full share.");

    private static readonly Key<int> Retries = new(
        "retries", Kinds.Integer(0, 100), 2,
        "How often a request that may have reached a member is given to another one, where that is safe. Members that cannot be connected to do not count: then the next is tried in any case.");

    private static readonly Key<bool> Sticky = new(
        "sticky", Kinds.YesNo, false, "Whether a client stays with its member, by a cookie (skitaid-NAME, for the mount's path).");

    private static readonly Key<int> MaxConnections = new(
        "max_connections", Kinds.Integer(0, 1_000_000, "any number"), 0, "Requests that one member may have in hand; what is more waits.");

    private static readonly Key<int> MaxQueue = new(
        "max_queue", Kinds.Integer(0, 1_000_000, "none"), 1000, "Requests that may wait for a member with less than max_connections; the next gets 503.");

    private static readonly Key<bool> Cache = new(
        "cache", Kinds.YesNo, true, "Whether answers are kept in the cache of [proxypass], as far as they allow it (RFC 9111).");

    private static readonly Key<bool> CacheCookies = new(
        "cache_cookies", Kinds.YesNo, false, "Whether an answer that sets cookies may be kept when it says itself that it is public.");

    private static readonly Key<bool> CacheHeuristic = new(
        "cache_heuristic", Kinds.YesNo, false,
        "Whether an answer that does not say how long it is fresh is so for a tenth of the time since its Last-Modified.");

    private static readonly Key<IReadOnlyList<string>> Roles = new(
        "roles", Kinds.Words, [], "Who may use it: roles of the token's user, separated by commas. Not set = everybody.")
    { Later = Feature.Gateway, Asks = value => value.Count > 0 };

    private static readonly Key<IReadOnlyList<IPNetwork>> Ips = new(
        "ips", Kinds.Networks, [], "From where it may be used: addresses and networks. Not set = everywhere.")
    { Later = Feature.Gateway, Asks = value => value.Count > 0 };

    private static readonly Key[] HttpKeys =
    [
        Verify, CaFile, SslName, Http2, Host, Forwarded, HealthPath, HealthInterval, ConnectTimeout, ResponseTimeout, IdleTimeout, TunnelTimeout,
        MaxFails, FailTimeout, SlowStart, Retries, Sticky, MaxConnections, MaxQueue, Cache, CacheCookies, CacheHeuristic,
    ];

    public static readonly Section Declaration = new(
        "@name", "Other servers behind one name, to be mounted as `@name`.", [Type, Members, Ssl, .. HttpKeys, Roles, Ips]);

    /// <summary>Reads a cluster. When something is wrong with it the settings are not to be used.</summary>
    public ClusterSettings Build(ConfSection section, SectionReader reader)
    {
        if (section.Name.Length == 1 || !section.Name.Skip(1).All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        {
            context.Errors.Add(section.Line, $"[{section.Name}] is not a cluster's name; it has an @, then letters, digits, '_', '-' and '.'");
        }

        _ = (reader.Get(Roles), reader.Get(Ips)); // of a later version: only checked
        var type = reader.Get(Type);
        var settings = new ClusterSettings
        {
            Name = section.Name,
            Members = ReadMembers(type, reader),
            Ssl = reader.Get(Ssl),
            Verify = reader.Get(Verify),
            CaFile = reader.Get(CaFile),
            SslName = reader.Get(SslName),
            Protocol = reader.Get(Http2),
            SendsMemberHost = reader.Get(Host) == "member",
            SendsForwarded = reader.Get(Forwarded),
            HealthPath = reader.Get(HealthPath),
            HealthInterval = reader.Get(HealthInterval),
            ConnectTimeout = reader.Get(ConnectTimeout),
            ResponseTimeout = reader.Get(ResponseTimeout),
            IdleTimeout = reader.Get(IdleTimeout),
            TunnelTimeout = reader.Get(TunnelTimeout),
            MaxFails = reader.Get(MaxFails),
            FailTimeout = reader.Get(FailTimeout),
            SlowStart = reader.Get(SlowStart),
            Retries = reader.Get(Retries),
            Sticky = reader.Get(Sticky),
            MaxConnections = reader.Get(MaxConnections),
            MaxQueue = reader.Get(MaxQueue),
            Cache = reader.Get(Cache),
            CacheCookies = reader.Get(CacheCookies),
            CacheHeuristic = reader.Get(CacheHeuristic),
        };
        if (type == Http)
        {
            RefuseWhatContradicts(settings, reader);
        }
        else
        {
            reader.Refuse(Type, Feature.Databases.Refusal);
            foreach (var key in HttpKeys.Where(reader.Has))
            {
                reader.Refuse(key, $"is for clusters of type {Http} only; this one is of type {type}");
            }
        }

        return settings;
    }

    /// <summary>The values that bear on a request to a cluster.</summary>
    public static IReadOnlyList<KeyValue> Describe(ClusterSettings cluster, TuneSettings tune) =>
    [
        ConnectTimeout.Describe(cluster.ConnectTimeout), DescribeResponseTimeout(cluster, tune), IdleTimeout.Describe(cluster.IdleTimeout),
        Retries.Describe(cluster.Retries), Sticky.Describe(cluster.Sticky), MaxConnections.Describe(cluster.MaxConnections), Cache.Describe(cluster.Cache),
    ];

    /// <summary>The values of all keys but the members, in the order of the keys.</summary>
    public static IReadOnlyList<KeyValue> DescribeAll(ClusterSettings cluster) =>
    [
        Ssl.Describe(cluster.Ssl), Verify.Describe(cluster.Verify), CaFile.Describe(cluster.CaFile), SslName.Describe(cluster.SslName),
        Http2.Describe(cluster.Protocol), Host.Describe(cluster.SendsMemberHost ? "member" : "client"), Forwarded.Describe(cluster.SendsForwarded),
        HealthPath.Describe(cluster.HealthPath), HealthInterval.Describe(cluster.HealthInterval), ConnectTimeout.Describe(cluster.ConnectTimeout),
        ResponseTimeout.Describe(cluster.ResponseTimeout), IdleTimeout.Describe(cluster.IdleTimeout), TunnelTimeout.Describe(cluster.TunnelTimeout),
        MaxFails.Describe(cluster.MaxFails), FailTimeout.Describe(cluster.FailTimeout), SlowStart.Describe(cluster.SlowStart),
        Retries.Describe(cluster.Retries), Sticky.Describe(cluster.Sticky), MaxConnections.Describe(cluster.MaxConnections),
        MaxQueue.Describe(cluster.MaxQueue), Cache.Describe(cluster.Cache), CacheCookies.Describe(cluster.CacheCookies),
        CacheHeuristic.Describe(cluster.CacheHeuristic),
    ];

    private static KeyValue DescribeResponseTimeout(ClusterSettings cluster, TuneSettings tune)
    {
        var fallback = ResponseTimeout.Describe(tune.ResponseTimeout).Value;
        return ResponseTimeout.Describe(cluster.ResponseTimeout ?? tune.ResponseTimeout) with { Default = fallback };
    }

    private IReadOnlyList<ClusterMember> ReadMembers(string type, SectionReader reader)
    {
        void Refuse(string problem) => reader.Refuse(Members, problem);

        var text = reader.Get(Members) ?? "";
        if (Kinds.Split(text).Count == 0)
        {
            Refuse("not set; a cluster without members can do nothing");
        }

        switch (type)
        {
            case "sqlite3":
                return [];
            case "postgresql":
                ClusterMembers.CheckPostgresql(text, Refuse);
                return [];
            default:
                var members = ClusterMembers.ReadServers(text, reader.IsAsWritten(Members, text), Refuse);
                if (members.FirstOrDefault(IsSelf) is { } self)
                {
                    context.Errors.Warn(reader.LineOf(Members), $"{reader.Place(Members)}: {self.Authority} is where this instance itself listens");
                }

                return members;
        }
    }

    /// <summary>Whether the instance listens there. Names other than localhost are not looked up: a conf is read without a network.</summary>
    private bool IsSelf(ClusterMember member)
    {
        if (member.Port != server.Port)
        {
            return false;
        }

        if (IPAddress.TryParse(member.Host, out var address))
        {
            return address.Equals(server.Ip) || (IPAddress.IsLoopback(address) && IsEveryAddress(address.AddressFamily));
        }

        var name = member.Host.TrimEnd('.');
        return (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal))
            && (IPAddress.IsLoopback(server.Ip) || IsEveryAddress(AddressFamily.InterNetwork));
    }

    /// <summary>[::] takes IPv4, too.</summary>
    private bool IsEveryAddress(AddressFamily family) =>
        server.Ip.Equals(IPAddress.IPv6Any) || (server.Ip.Equals(IPAddress.Any) && family == AddressFamily.InterNetwork);

    private static void RefuseWhatContradicts(ClusterSettings settings, SectionReader reader)
    {
        if (!settings.Ssl)
        {
            foreach (var key in new (Key Key, bool Asks)[] { (Verify, !settings.Verify), (CaFile, settings.CaFile is not null), (SslName, settings.SslName is not null) })
            {
                if (key.Asks)
                {
                    reader.Refuse(key.Key, "is about TLS, and the members are spoken to in clear text without ssl = yes");
                }
            }
        }
        else if (!settings.Verify && settings.CaFile is not null)
        {
            reader.Refuse(CaFile, "is not looked at with verify = no; one of the two has to go");
        }

        if (settings.Cache)
        {
            return;
        }

        foreach (var key in new (Key Key, bool Asks)[] { (CacheCookies, settings.CacheCookies), (CacheHeuristic, settings.CacheHeuristic) })
        {
            if (key.Asks)
            {
                reader.Refuse(key.Key, "has nothing to say with cache = no");
            }
        }
    }

    private static ValueKind<MemberProtocol> Protocols() => new(
        "auto, yes or no",
        (text, context) => text.Text == "auto" ? Reading<MemberProtocol>.Of(MemberProtocol.Auto)
            : Kinds.YesNo.Read(text, context) is { Problem: null } yes ? Reading<MemberProtocol>.Of(yes.Value ? MemberProtocol.Http2 : MemberProtocol.Http1)
            : Reading<MemberProtocol>.Wrong($"{text.Shown} is not auto, yes or no"),
        value => value switch { MemberProtocol.Http1 => "no", MemberProtocol.Http2 => "yes", _ => "auto" });

    private static ValueKind<TimeSpan?> Optional(ValueKind<TimeSpan> kind) => new(
        kind.Name,
        (text, context) => kind.Read(text, context) is var (value, problem) && problem is null
            ? Reading<TimeSpan?>.Of(value)
            : Reading<TimeSpan?>.Wrong(kind.Read(text, context).Problem!),
        value => value is { } span ? kind.Write(span) : "");
}
