using Skitai.Configuration;

namespace Skitaid.Commands;

/// <summary>The instances that <c>-f</c> can name.</summary>
internal static class InstanceNames
{
    /// <summary>Checks a name.</summary>
    /// <exception cref="UsageException">There is no such conf; the message lists what there is.</exception>
    public static void Require(ConfTree tree, string name)
    {
        LaterNames.Refuse(name);
        var known = tree.InstanceNames();
        if (!known.Contains(name))
        {
            var there = known.Count > 0 ? $"there {(known.Count == 1 ? "is" : "are")} {string.Join(", ", known)}" : "there is none at all";
            throw new UsageException($"no conf '{name}' in {tree.EnabledPath}: {there}");
        }
    }
}
