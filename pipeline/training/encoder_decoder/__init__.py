"""What the autoencoder and the VAE share: halves that train together or apart, reconstructions and their pictures."""
