using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Skitai.Configuration.Reference;

namespace Skitaid.Explaining;

/// <summary>An explanation for people.</summary>
internal static class ExplanationText
{
    private const int LabelWidth = 11;
    private const string Red = "\e[31m", Green = "\e[32m", Bold = "\e[1m", Plain = "\e[0m";

    /// <summary>All of it, a line for each fact.</summary>
    public static string Of(Explanation explained, bool colours)
    {
        var text = new StringBuilder();
        var head = $"{explained.Method} {explained.Url}";
        text.Append(colours ? Bold + head + Plain : head).Append("\n\n");
        Line("instance", $"{explained.Instance} ({explained.Conf}), listens on {explained.Address}{ReachOf(explained.Address)}");
        if (explained.Certificate is { } certificate)
        {
            Line("tls", CertificateText(explained, certificate));
        }

        Line("host", explained.Host is { } host
            ? $"{(host.Line > 0 ? $"'@ {(host.Names.Length > 0 ? host.Names : "default")}' ({explained.Conf}:{host.Line})" : "the default one")}: {host.Why}"
            : "none: no host has this name, and there is no default host");
        Line("path", explained.Path + (explained.Query.Length > 0 ? $", query {explained.Query}" : ""));
        foreach (var mount in explained.Mounts.Where(mount => mount.Asked))
        {
            Line("asked", MountText(explained, mount));
        }

        foreach (var mount in explained.Mounts.Where(mount => !mount.Asked && mount.Covers))
        {
            Line("not asked", MountText(explained, mount));
        }

        var elsewhere = explained.Mounts.Where(mount => !mount.Covers).OrderBy(mount => mount.Line).ToArray();
        if (elsewhere.Length > 0)
        {
            Line("not asked", $"{string.Join(", ", elsewhere.Select(mount => $"{mount.Path} (line {mount.Line})"))}: {explained.Path} is not below {(elsewhere.Length == 1 ? "it" : "any of them")}");
        }

        Line("answer", AnswerText(explained), explained.Answers ? Green : Red);
        foreach (var (label, line) in Details(explained))
        {
            Line(label, line);
        }

        var (keys, values) = (explained.Settings.Select(setting => setting.Key.Length).DefaultIfEmpty().Max(), explained.Settings.Select(ValueText).ToArray());
        var widest = values.Select(value => value.Length).DefaultIfEmpty().Max();
        for (var i = 0; i < values.Length; i++)
        {
            Line(i == 0 ? "settings" : "", $"{explained.Settings[i].Key.PadRight(keys)} = {values[i].PadRight(widest)}  {explained.Settings[i].Doc}");
        }

        foreach (var note in explained.Notes)
        {
            Line("note", note);
        }

        return text.ToString();

        void Line(string label, string line, string colour = "") =>
            text.Append(label.PadRight(LabelWidth)).Append(colours && colour.Length > 0 ? colour + line + Plain : line).Append('\n');
    }

    private static string ReachOf(string address) =>
        address.Contains("//127.", StringComparison.Ordinal) || address.Contains("//[::1]", StringComparison.Ordinal) ? " (only this machine reaches it)" : "";

    private static string CertificateText(Explanation explained, ExplainedCertificate certificate) =>
        $"{certificate.File}, {certificate.Why}{(certificate.Line > 0 ? $" ({explained.Conf}:{certificate.Line})" : "")}"
        + (certificate.NotAfter is { } until ? $"; valid until {until.UtcDateTime:yyyy-MM-dd}" : "")
        + (certificate.Problem is { } problem ? $"; {problem}" : "");

    private static string MountText(Explanation explained, ExplainedMount mount) =>
        $"{mount.Path} = {mount.Target} ({explained.Conf}:{mount.Line}): {mount.Why}";

    private static string AnswerText(Explanation explained)
    {
        if (explained.App is { } app)
        {
            return $"the Python app's: SCRIPT_NAME={app.ScriptName} PATH_INFO={app.PathInfo} QUERY_STRING={explained.Query}";
        }

        if (explained.Cluster is { } cluster)
        {
            return $"a member's of {cluster.Name}: {explained.Method} {cluster.Target} with Host: {cluster.Host ?? "its own host:port"}";
        }

        var status = explained.Status ?? 0;
        var said = $"{status} {ReasonPhrases.GetReasonPhrase(status)}";
        if (explained.StatusOverHttp2 is { } other && other != status)
        {
            said += $" (over HTTP/2: {other} {ReasonPhrases.GetReasonPhrase(other)})";
        }

        return said + status switch
        {
            200 when explained.File is { } file => $": the file {file.Path} ({SizeText(file.Size ?? 0)}, {file.ContentType})",
            < 400 when explained.Location is { } location => $": to {location}",
            404 when explained.Host is null => ": no host has this name",
            404 when !explained.Mounts.Any(mount => mount.Asked) => $": nothing is mounted above {explained.Path}",
            404 => ": no mount that was asked has it",
            405 when explained.AnsweredBy is null => $": {explained.Method} is for nobody here; allowed: {explained.Allow}",
            400 => ": not a valid request",
            403 => ": this user may not read the file",
            _ => "",
        };
    }

    private static IEnumerable<(string Label, string Line)> Details(Explanation explained)
    {
        if (explained.App is { } app)
        {
            yield return ("app", app.ModuleFile is { } module
                ? $"{module}, {(app.Callable.EndsWith("()", StringComparison.Ordinal) ? "made by" : "callable")} {app.Callable}"
                : $"{app.Target}: the file of its module is not there");
            yield return ("workers", $"{Count(app.Processes, "process", "processes")} {(app.Threads == 0 ? "with one request at a time" : $"with {Count(app.Threads, "thread", "threads")}{(app.Processes > 1 ? " each" : "")}")} of "
                + (app.Python ?? "an interpreter that is not in PATH"));
        }

        if (explained.Cluster is { } cluster)
        {
            var weighs = cluster.Members.Any(member => member.Weight != 1);
            yield return ("members", string.Join(", ", cluster.Members.Select(member =>
                $"{cluster.Scheme}://{member.Authority}{(weighs ? $" (weight {member.Weight})" : "")}")));
        }

        foreach (var sibling in explained.File?.Siblings ?? [])
        {
            yield return ("compressed", sibling.IsUsed
                ? $"{sibling.Path} ({SizeText(sibling.Size)}) for clients that take {sibling.Coding}"
                : $"{sibling.Path} is not used: it is older than the file, or cannot be read");
        }
    }

    private static string ValueText(KeyValue setting)
    {
        var value = setting.Value == "0" && setting.ZeroMeans is { } meaning ? $"0: {meaning}" : setting.Value;
        return setting.IsDefault ? $"{value} (the default)" : $"{value} (default {setting.Default})";
    }

    private static string Count(int number, string one, string many) => number == 1 ? $"1 {one}" : $"{number} {many}";

    private static string SizeText(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} bytes",
        < 1000 * 1024 => $"{bytes / 1024.0:0.0} KB",
        _ => $"{bytes / 1048576.0:0.0} MB",
    };
}
