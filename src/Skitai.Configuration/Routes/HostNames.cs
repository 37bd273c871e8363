using System.Net;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Routes;

/// <summary>Reads host name patterns.</summary>
internal static class HostNames
{
    /// <summary>Reads <c>www.a.com</c>, <c>.a.com</c> or <c>*.a.com</c>; null with a problem when it is none of them.</summary>
    public static HostPattern? Read(string text, out string problem)
    {
        problem = "";
        var (kind, name) = text switch
        {
            ['*', '.', ..] => (HostPatternKind.SubdomainsOnly, text[2..]),
            ['.', ..] => (HostPatternKind.DomainAndSubdomains, text[1..]),
            _ => (HostPatternKind.Exact, text),
        };
        if (kind == HostPatternKind.Exact && name is ['[', .., ']'] && IPAddress.TryParse(name[1..^1], out var address))
        {
            return new HostPattern(kind, $"[{address}]");
        }

        if (name.Contains(':', StringComparison.Ordinal) || name.Contains('/', StringComparison.Ordinal))
        {
            problem = $"{ErrorList.Quote(text)} is not a host name; write it without scheme, port and path";
            return null;
        }

        if (Normal(name) is { } normal)
        {
            return new HostPattern(kind, normal);
        }

        problem = $"{ErrorList.Quote(text)} is not a host name; there are www.a.com (this name), .a.com (the name and its subdomains), *.a.com (its subdomains only)";
        return null;
    }

    /// <summary>The name as it comes in a Host header: lower case, ASCII (RFC 3490), no dot at its end.</summary>
    private static string? Normal(string written)
    {
        if (AsciiName.Of(written) is not { } name)
        {
            return null;
        }

        name = name.EndsWith('.') ? name[..^1] : name;
        var labels = name.Split('.');
        return name.Length <= 253 && Array.TrueForAll(labels, label =>
            label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            ? name.ToLowerInvariant()
            : null;
    }
}
