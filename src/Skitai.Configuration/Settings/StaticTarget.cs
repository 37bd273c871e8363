namespace Skitai.Configuration.Settings;

/// <summary>A directory of static files.</summary>
/// <param name="Directory">Absolute path; it existed when the conf was checked.</param>
public sealed record StaticTarget(string Directory) : MountTarget
{
    /// <summary>The directory.</summary>
    public override string ToString() => Directory;
}
