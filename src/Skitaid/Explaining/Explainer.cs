using System.Net;
using System.Text;
using Skitai.Configuration;
using Skitai.Configuration.Certificates;
using Skitai.Configuration.Reference;
using Skitai.Configuration.Routes;
using Skitai.Configuration.Settings;
using Skitai.Engine.Explaining;
using Skitai.Engine.Routing;
using Skitai.Posix;
using Skitaid.Supervision;

namespace Skitaid.Explaining;

/// <summary>Tries a request on an instance's routes and says what came of it.</summary>
/// <param name="time">The clock, for certificates.</param>
internal sealed class Explainer(TimeProvider time)
{
    /// <summary>Explains one request to one instance, whose settings have what it leaves to skitaid.conf.</summary>
    public async Task<Explanation> ExplainAsync(InstanceSettings settings, AskedUrl url, string method)
    {
        var scheme = ListeningSocket.SchemeOf(settings);
        var named = url.Host ?? NameOf(settings.Server.Ip);
        var port = url.ConnectPort ?? settings.Server.Port;
        var authority = port == (scheme == "https" ? 443 : 80) ? named : $"{named}:{port}";
        await using var trial = new RouteTrial(settings);
        var result = await trial.AskAsync(method, authority, url.Target);
        var answering = result.Mounts.FirstOrDefault(step => step.Outcome == MountOutcome.Handled);
        var cluster = answering is { MemberTarget: not null } ? settings.Clusters.First(one => one.Name == ((ClusterTarget)answering.Line.Target).Name) : null;
        return new Explanation
        {
            Method = method,
            Url = $"{scheme}://{authority}{url.Target}",
            Instance = settings.Name,
            Conf = Path.GetFileName(settings.ConfPath),
            Address = ListeningSocket.UrlOf(settings),
            Certificate = settings.Ssl is { } ssl ? CertificateFor(trial, ssl, named) : null,
            Host = HostOf(settings, result),
            Path = TextOf(result.Path),
            Query = result.Query,
            Mounts = [.. result.Mounts.Select(step => MountOf(step, answering, result))],
            AnsweredBy = answering?.Line.Line,
            Status = result.Status,
            StatusOverHttp2 = result.StatusOverHttp2,
            Location = result.Location,
            Allow = result.Allow,
            App = answering is { ScriptName: not null } app ? AppOf(settings, app) : null,
            Cluster = cluster is null ? null : ClusterOf(cluster, answering!),
            File = result.Status == 200 ? answering?.Finding : null,
            Settings = result.Status switch
            {
                null when cluster is not null => KeyValues.OfCluster(cluster, settings.Tune),
                null => KeyValues.OfApps(settings.Tune),
                200 => KeyValues.OfFiles(settings.Tune),
                _ => [],
            },
            Notes = [.. NotesOn(settings, url, result)],
        };
    }

    /// <summary>How this machine itself would name the address.</summary>
    private static string NameOf(IPAddress address) =>
        address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "127.0.0.1"
        : address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]"
        : address.ToString();

    /// <summary>A path of the engine, one char for each byte, as a person reads it.</summary>
    private static string TextOf(string path) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(path));

    private static bool IsAddress(string host) => IPAddress.TryParse(host.AsSpan().Trim("[]"), out _);

    private static ExplainedHost? HostOf(InstanceSettings settings, TrialResult result)
    {
        if (result.Host is not { } host)
        {
            return null;
        }

        var why = result.Pattern switch
        {
            null when settings.Hosts.Count == 1 => "there is no other",
            null => $"no other host has the name {result.HostName}",
            { Kind: HostPatternKind.Exact } => "the exact name",
            var pattern when pattern.Name == result.HostName => $"{pattern} is this name and its subdomains",
            var pattern => $"{pattern} takes its subdomains",
        };
        if (result.OtherPatterns.Count > 0)
        {
            why += $"; wins over {string.Join(", ", result.OtherPatterns)}: exact names come first, then longer patterns";
        }

        return new ExplainedHost(string.Join(' ', host.Names), host.Line, why);
    }

    private static ExplainedMount MountOf(TrialStep step, TrialStep? answering, TrialResult result)
    {
        var why = step.Outcome is { } outcome
            ? AskedWhy(step, outcome, result)
            : !step.Covers ? $"{TextOf(result.Path)} is not below {step.Line.Path}"
            : answering is null ? "the request is refused before"
            : answering.Line.Path.Length > step.Line.Path.Length ? $"shorter than {answering.Line.Path}, which answers"
            : $"line {answering.Line.Line} stands before it and answers";
        return new ExplainedMount(step.Line.Path, step.Line.Target.ToString()!, step.Line.Line, step.Covers, step.Outcome is not null, why);
    }

    private static string AskedWhy(TrialStep step, MountOutcome outcome, TrialResult result) => outcome switch
    {
        MountOutcome.NotFound => MissText.Of(step.Finding!) + Next(step, result),
        MountOutcome.MethodNotAllowed => $"has {step.Finding!.Path}, but files are for GET and HEAD only" + Next(step, result),
        _ when step.ScriptName is not null => "answers",
        _ when result.Location is not null => step.Finding is null ? "redirects" : "is a directory with an index file: redirects",
        _ when step.Finding is { Problem: { } problem } finding => $"{finding.Path}: {problem}",
        _ => "answers",
    };

    private static string Next(TrialStep step, TrialResult result) =>
        result.Mounts.SkipWhile(other => other != step).Skip(1).Any(other => other.Outcome is not null) ? "; passes on to the next" : "";

    private static ExplainedApp AppOf(InstanceSettings settings, TrialStep step)
    {
        var target = (AppTarget)step.Line.Target;
        var python = settings.Server.Python!;
        return new ExplainedApp(
            target.ToString(),
            ModuleFile.Find(target),
            target.Callable,
            python.Contains('/', StringComparison.Ordinal) ? python : new Machine().FindExecutable(python),
            settings.Server.Processes,
            settings.Server.Threads,
            step.ScriptName!,
            TextOf(step.PathInfo!));
    }

    private static ExplainedCluster ClusterOf(ClusterSettings cluster, TrialStep step) => new(
        cluster.Name,
        step.MemberTarget!,
        string.IsNullOrEmpty(step.MemberHost) ? null : step.MemberHost,
        cluster.Ssl ? "https" : "http",
        [.. cluster.Members.Select(member => new ExplainedMember(member.Authority, member.Weight))]);

    private ExplainedCertificate CertificateFor(RouteTrial trial, SslSettings ssl, string name)
    {
        // A client sends no name in its handshake when it has only an address (RFC 6066 section 3).
        var line = trial.FindCertificate(IsAddress(name) ? "" : name);
        var files = line?.Files ?? ssl.Default;
        var why = line is not null ? $"{line.Host} of [certificates]"
            : IsAddress(name) ? "[ssl] certfile: a client that has only an address sends no name"
            : ssl.Certificates.Count == 0 ? "[ssl] certfile: there is no other"
            : $"[ssl] certfile: no line of [certificates] has {name}";
        try
        {
            using var certificate = ServerCertificate.Load(files);
            var (now, leaf) = (time.GetUtcNow(), certificate.Leaf);
            var (until, from) = (new DateTimeOffset(leaf.NotAfter), new DateTimeOffset(leaf.NotBefore));
            var problem = until < now ? "it has expired"
                : from > now ? $"it is not valid before {from.UtcDateTime:yyyy-MM-dd}"
                : !leaf.MatchesHostname(name.Trim('[', ']')) ? $"it is not made out for {name}: browsers will warn"
                : null;
            return new ExplainedCertificate(files.CertFile, line?.Line ?? 0, why, until, problem);
        }
        catch (CertificateFileException failure)
        {
            return new ExplainedCertificate(files.CertFile, line?.Line ?? 0, why, null, failure.Message);
        }
    }

    private static IEnumerable<string> NotesOn(InstanceSettings settings, AskedUrl url, TrialResult result)
    {
        var named = settings.Hosts.Where(host => host.Names.Count > 0).SelectMany(host => host.Names).ToArray();
        if (url.Host is null && named.Length > 0)
        {
            yield return $"No host was asked for, so this is what the instance's address gets. It has other hosts, too: {string.Join(", ", named.Take(10))}{(named.Length > 10 ? ", ..." : "")}.";
        }

        if (settings.Server.TrustedProxies.Count > 0)
        {
            yield return $"From the trusted proxies ({string.Join(", ", settings.Server.TrustedProxies)}) X-Forwarded-Host counts instead of the host here.";
        }

        if (result.Mounts.Any(step => step.Finding is not null)
            && settings.Server.User is { } account
            && Credentials.FindUser(account)?.User is { } user && user != Credentials.EffectiveUser)
        {
            yield return $"Files were looked at with your rights; started as root, the instance serves with those of '{account}'.";
        }
    }
}
