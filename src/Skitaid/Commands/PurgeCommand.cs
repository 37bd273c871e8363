using Skitaid.Control;
using Skitaid.Explaining;

namespace Skitaid.Commands;

/// <summary><c>skitaid -f NAME purge</c>: has cached answers of clusters forgotten.</summary>
internal static class PurgeCommand
{
    private const string Forms = "http://host/path, 'http://host/prefix*' or --all";

    /// <summary>Asks for it.</summary>
    public static async Task<int> RunAsync(CommandLine line, CancellationToken cancellation)
    {
        var name = line[OptionNames.Name] ?? throw new UsageException($"purge needs an instance: skitaid -f NAME purge {Forms}");
        LaterNames.Refuse(name);
        var order = Read(line.Arguments, line.Has(OptionNames.All));
        var reply = await DaemonCommands.AskAsync(
            Places.Find(line), new ControlRequest(ControlRequest.Purge, name, PurgeOrder: order), isQuick: false, cancellation);
        return await DaemonCommands.TellAsync(reply);
    }

    /// <summary>What was typed.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public static PurgeOrder Read(IReadOnlyList<string> arguments, bool all)
    {
        if (all)
        {
            return arguments.Count == 0 ? new PurgeOrder(null, false) : throw new UsageException($"--all is everything: what is '{arguments[0]}'?");
        }

        if (arguments.Count == 0)
        {
            throw new UsageException($"purge needs to know what: {Forms}");
        }

        var text = arguments[0];
        var isPrefix = text.EndsWith('*');
        var host = text.IndexOf("://", StringComparison.Ordinal) + 3;
        if (host < 3)
        {
            throw new UsageException($"'{text}' is not a whole URL as clients ask for it: {Forms}");
        }

        if (host == text.Length || text[host] is '/' or '*' or '?' or '#')
        {
            throw new UsageException($"'{text}' names no host: {Forms}");
        }

        var url = AskedUrl.Parse(isPrefix ? text[..^1] : text);
        if (url.Scheme is null || url.Host is null)
        {
            throw new UsageException($"'{text}' is not a whole URL as clients ask for it: {Forms}");
        }

        if (isPrefix && text.IndexOf('/', host) < 0)
        {
            throw new UsageException($"'{text}' would be a part of a host's name: the * stands behind a path, as in http://{url.Host}/*");
        }

        var port = url.Port is null || url.Port == (url.Scheme == "https" ? 443 : 80) ? "" : $":{url.Port}";
        return new PurgeOrder($"{url.Scheme}://{url.Host}{port}{url.Target}", isPrefix);
    }
}
