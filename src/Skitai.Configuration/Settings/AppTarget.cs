namespace Skitai.Configuration.Settings;

/// <summary>A Python app: <c>dir/module:callable</c>.</summary>
/// <param name="Directory">Absolute path of the directory that holds the module.</param>
/// <param name="Module">The module's name, dotted for one inside a package (<c>site.wsgi</c>), without <c>.py</c>.</param>
/// <param name="Callable">The name in the module, <c>app</c> unless said; a trailing <c>()</c> means a factory to call.</param>
public sealed record AppTarget(string Directory, string Module, string Callable) : MountTarget
{
    /// <summary><c>dir/module:callable</c>.</summary>
    public override string ToString() => $"{System.IO.Path.Combine(Directory, Module)}:{Callable}";
}
