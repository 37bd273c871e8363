namespace Skitai.Configuration.Settings;

/// <summary>A cluster: other servers, of which one answers.</summary>
/// <param name="Name">With its <c>@</c>, as in <see cref="ClusterSettings.Name"/>.</param>
public sealed record ClusterTarget(string Name) : MountTarget
{
    /// <summary><c>@name</c>.</summary>
    public override string ToString() => Name;
}
