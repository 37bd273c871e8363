namespace Skitaid.Commands;

/// <summary>All commands.</summary>
internal static class CommandNames
{
    private static readonly string[] Hidden = ["supervisor", "instance"];

    /// <summary>Those that people type.</summary>
    public static readonly string[] All =
        ["start", "stop", "status", "restart", "reload", "log", "rotate", "member", "purge", "test", "explain", "init", "run", "demo", "shutdown", "terminate", "help", "version"];

    /// <summary>The 2016 daemon's words.</summary>
    private static readonly Dictionary<string, string> Old = new(StringComparer.Ordinal)
    {
        ["restart-all"] = "restart",
        ["reload-all"] = "reload",
        ["shutdown-all"] = "shutdown",
        ["terminate-all"] = "terminate",
        ["rotate-all"] = "rotate",
    };

    /// <summary>The command that a word means.</summary>
    /// <exception cref="UsageException">None.</exception>
    public static string Resolve(string word) =>
        Old.TryGetValue(word, out var today) ? today
        : All.Contains(word) || Hidden.Contains(word) ? word
        : throw new UsageException($"unknown command '{word}'" + NearestName.Suggest(word, [.. All, .. Old.Keys]));
}
