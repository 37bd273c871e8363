using System.Text.Json.Serialization;

namespace Skitai.Configuration.Settings;

/// <summary>What a mount points at: one of <see cref="StaticTarget"/>, <see cref="AppTarget"/> and <see cref="ClusterTarget"/>.</summary>
[JsonDerivedType(typeof(StaticTarget), "static")]
[JsonDerivedType(typeof(AppTarget), "app")]
[JsonDerivedType(typeof(ClusterTarget), "cluster")]
public abstract record MountTarget;
