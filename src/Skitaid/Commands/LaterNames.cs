using Skitai.Configuration;

namespace Skitaid.Commands;

/// <summary>The daemons that <c>-f</c> could name in 2016 and that are not there yet.</summary>
internal static class LaterNames
{
    /// <summary>Says so.</summary>
    /// <exception cref="UsageException">It is such a name.</exception>
    public static void Refuse(string? name)
    {
        if (ReservedNames.OwnerOf(name) is { } owner)
        {
            throw new UsageException($"'{name}' is not part of this version: {owner} comes in a later one");
        }
    }
}
