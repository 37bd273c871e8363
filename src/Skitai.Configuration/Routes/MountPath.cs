using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Routes;

/// <summary>Reads the path of a mount.</summary>
internal static class MountPath
{
    /// <summary>The path without a trailing slash (but for the root); null with a problem when it cannot be one.</summary>
    public static string? Read(string text, out string problem)
    {
        problem = Problem(text) is { } wrong ? $"{ErrorList.Quote(text)} {wrong}" : "";
        return problem.Length > 0 ? null
            : text.Length > 1 && text[^1] == '/' ? text[..^1]
            : text;
    }

    private static string? Problem(string text)
    {
        if (text.Length == 0 || text[0] != '/')
        {
            return "is not a path to mount on; it begins with a /";
        }

        if (text.Contains('%', StringComparison.Ordinal))
        {
            return "has a %; a mount's path is written plainly, as it is after decoding";
        }

        if (text.Any(c => c is ' ' or '\t'))
        {
            return "has a blank; the paths below a mount may have one, its own may not";
        }

        if (text.Any(c => c is <= ' ' or >= (char)0x7f))
        {
            return "has a character besides plain ASCII; the paths below a mount may have any, its own may not";
        }

        if (text.Any(c => c is '?' or '#' or '\\'))
        {
            return "has a '?', '#' or '\\', which are no part of a path";
        }

        if (text.Contains("//", StringComparison.Ordinal))
        {
            return "has an empty segment (//)";
        }

        return Array.Exists(text.Split('/'), segment => segment is "." or "..")
            ? "has a segment '.' or '..', which no request's path has by the time it is looked at"
            : null;
    }
}
