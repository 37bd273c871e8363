using System.Globalization;

namespace Skitai.Configuration.Routes;

/// <summary>Host names beyond ASCII in the form in which clients send them.</summary>
public static class AsciiName
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = false };

    /// <summary>The ASCII form (RFC 3490); null when a name has none. One of ASCII is its own.</summary>
    public static string? Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return name.All(char.IsAscii) ? name : Idn.GetAscii(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
