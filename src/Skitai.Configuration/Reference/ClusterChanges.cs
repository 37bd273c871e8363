using Skitai.Configuration.Sections;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Reference;

/// <summary>What a changed conf makes of its clusters, for a person.</summary>
public static class ClusterChanges
{
    /// <summary>A line for each cluster that is new, gone, or another one: its members and keys that differ, as a conf has them.</summary>
    /// <param name="before">The clusters as they were.</param>
    /// <param name="after">The clusters as they are now.</param>
    public static IReadOnlyList<string> Between(IReadOnlyList<ClusterSettings> before, IReadOnlyList<ClusterSettings> after) =>
    [
        .. from cluster in after
           let known = before.FirstOrDefault(one => one.Name == cluster.Name)
           where known?.MeansTheSameAs(cluster) != true
           select $"{cluster.Name}: {(known is null ? "new" : string.Join(", ", Between(known, cluster)))}",
        .. from cluster in before
           where !after.Any(one => one.Name == cluster.Name)
           select $"{cluster.Name}: gone",
    ];

    private static List<string> Between(ClusterSettings before, ClusterSettings after)
    {
        var changes = new List<string>();
        foreach (var member in after.Members)
        {
            var known = before.Members.FirstOrDefault(one => one.Authority == member.Authority);
            if (known != member)
            {
                changes.Add(known is null ? $"{member.Authority} added" : $"{member.Authority} has weight {member.Weight} (was {known.Weight})");
            }
        }

        changes.AddRange(before.Members.Where(one => !after.Members.Any(member => member.Authority == one.Authority)).Select(one => $"{one.Authority} removed"));
        changes.AddRange(ClusterSection.DescribeAll(before).Zip(ClusterSection.DescribeAll(after)).Where(pair => pair.First.Value != pair.Second.Value)
            .Select(pair => $"{pair.Second.Key} = {Shown(pair.Second.Value)} (was {Shown(pair.First.Value)})"));
        return changes.Count > 0 ? changes : ["its members are in another order"];
    }

    private static string Shown(string value) => value.Length == 0 ? "not set" : value;
}
